/*
 * Paths inside a container's root. Each is resolved by the kernel as if the root were "/" (RESOLVE_IN_ROOT), never
 * through magic links, and used only by descriptor: whatever the image, a volume or a process in the container does to
 * the tree, the host is not reached.
 */
#ifndef BERTH_ROOT_H
#define BERTH_ROOT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* Opens a path of the container. `flags` as for open(2); O_CLOEXEC is added. Returns the descriptor, or -1 with errno.
 */
int root_open(int root, const char *path, int flags);

/* Opens a path of the container that must have no symbolic link in it. */
int root_open_plain(int root, const char *path, int flags);

/* Makes a directory with all its parents, mode 0755. Returns an O_PATH descriptor of it, or -1 with errno. */
int root_make_directory(int root, const char *path);

/* Opens what is at a path with O_PATH; when nothing is there, makes a directory or an empty file first. */
int root_make_target(int root, const char *path, bool directory);

/* Opens (making it when missing) the parent of a path, and copies the last component to `name`. */
int root_open_parent(int root, const char *path, char name[NAME_MAX + 1]);

#endif
