/* Mounts in a container's root, made detached and attached by descriptor. */
#ifndef BERTH_MOUNTS_H
#define BERTH_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "plan.h"

/*
 * Carries out one mount of the plan below `root`. When `devpts` is not NULL and the mount is a devpts, *devpts gets its descriptor, which the
 * caller owns. Returns 0, or -1 with the failure.
 */
int mount_attach(int root, const mount_plan *plan, int *devpts, struct failure *failure);

/* Makes a detached file system. `options` are `key=value` or `key`. Returns the mount's descriptor, or -1 with errno. */
int mount_filesystem(const char *type, char *const *options, size_t count, uint64_t attributes);

/* Clones what `fd` shows as a detached mount. `recursive`: with the mounts below it. Returns the descriptor, or -1 with errno. */
int mount_clone(int fd, bool recursive);

/* Sets MOUNT_ATTR_* flags on a detached mount. Returns 0, or -1 with errno. */
int mount_set(int mount, uint64_t attributes, bool recursive);

/* Attaches a detached mount to the place that `target` shows. Returns 0, or -1 with errno. */
int mount_move(int mount, int target);

#endif
