/* Paths of a container that are hidden or made read-only. */
#ifndef BERTH_MASKS_H
#define BERTH_MASKS_H

#include <stddef.h>

#include "failure.h"

/*
 * Hides each path: a file under a /dev/null of the host, whose identity was checked (CVE-2025-31133), a directory under
 * an empty read-only tmpfs. Must run while the host's /dev is still reachable at its path. Absent paths are skipped.
 * Returns 0, or -1 with the failure.
 */
int mask_paths(int root, char *const *paths, size_t count, struct failure *failure);

/* Makes each path read-only with the mounts below it. Absent paths are skipped. Returns 0, or -1 with the failure. */
int make_paths_readonly(int root, char *const *paths, size_t count, struct failure *failure);

#endif
