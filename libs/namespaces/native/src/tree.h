/* Walking directory trees by descriptor. */
#ifndef BERTH_TREE_H
#define BERTH_TREE_H

/* Removes every directory below `directory`, deepest first, and nothing else: what a cgroup tree needs. Returns 0, or -1 with errno. */
int tree_remove_directories(int directory);

#endif
