/* Paths in a container, resolved by the kernel within its root. */
#ifndef BERTH_CONTAINER_PATH_H
#define BERTH_CONTAINER_PATH_H

#include "entry_path.h"
#include "error.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Where something is. */
struct container_path {
  int parent;               /* owned */
  char name[NAME_MAX + 1];  /* in the parent; `.`: the parent itself */
  char shown[NAME_MAX + 1]; /* as the path that was asked for ends; `.` of the root and of a path that ends so */
  struct stat status;
  char link[PATH_MAX]; /* of symbolic links, else empty */
};

/*
 * Finds a path. A symbolic link at its end is followed when asked for, or when a slash or `/.` follows it, which only a directory may have.
 * FAILURE_NOT_FOUND when there is nothing, or what has no content of its own (/proc, /sys).
 */
int container_path_find(int root, const char *path, bool follow, struct container_path *found, struct layer_error *error);

/* True for an open directory of a file system that only shows what the kernel knows. */
bool is_kernel_view(int fd);

#endif
