/* Whole directory trees, by descriptor: no link is followed and nothing outside is reached, whoever changes the tree
 * meanwhile. */
#ifndef BERTH_TREE_H
#define BERTH_TREE_H

#include <stdbool.h>

/* How deep a tree may be: each level holds up to four descriptors. */
#define TREE_DEPTH_MAX 200

/* Calls `visit` for each name in `directory` but "." and "..". Stops at the first that returns -1. Returns 0, or -1
 * with errno. */
int tree_for_each(int directory, int (*visit)(int directory, const char *name, void *context), void *context);

/* Tells whether a directory has nothing in it. */
bool tree_is_empty(int directory);

/* Removes every directory below `directory`, deepest first, and nothing else: what a cgroup tree needs. Returns 0, or
 * -1 with errno. */
int tree_remove_directories(int directory);

/* Removes a file or a directory with all that is in it. Missing is fine. Returns 0, or -1 with errno. */
int tree_remove(int directory, const char *name);

/*
 * Copies everything in the directory `from` into the directory `to`: directories, files, links and devices, with owner,
 * mode, times and extended attributes but overlayfs's own; names of one file become names of one copy, sockets are left
 * out. Returns 0, or -1 with errno.
 */
int tree_copy(int from, int to);

/* Gives `to` the owner, mode, times and extended attributes of `from`. Both are opened. Returns 0, or -1 with errno. */
int tree_copy_attributes(int from, int to);

#endif
