/* Mounts in a container's root, made detached and attached by descriptor. */
#ifndef BERTH_MOUNTS_H
#define BERTH_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "plan.h"

struct joins;
struct volumes;

/*
 * Opens the sources of the plan's bind, shared and image mounts as detached mounts, and takes those of its volumes. Before the root is attached anywhere, for
 * that could cover a source. `sources` gets a descriptor for each mount of the plan, -1 for those that are a new file system.
 * Those that exchange mounts with the host come first, before the mounts of the namespace are made private, which would end
 * that. Return 0, or -1 with the failure.
 */
int mount_open_propagating(const container_plan *plan, int sources[PLAN_LIST_MAX], struct failure *failure);
int mount_open_sources(const container_plan *plan, const struct joins *joins, const struct volumes *volumes,
                       int sources[PLAN_LIST_MAX], struct failure *failure);

/* Opens one of them; -1 without a failure for what is neither a bind nor an image. Returns 0, or -1 with the failure. */
int mount_open_source(const mount_plan *plan, int *source, struct failure *failure);

/* Clones what a path (empty: the root) of the mount `image` shows. Returns the descriptor, or -1 with the failure. */
int mount_open_part(int image, const char *subpath, struct failure *failure);

/* File systems of the plan that later steps reach by descriptor, -1 before. Owned by the process. */
struct own_mounts {
  int devpts;
  int proc; /* one that is not read-only */
};

/* The mounts of a plan in their order, with their opened sources. */
struct mount_list {
  mount_plan *const *plans;
  size_t count;
  int *sources;
};

/*
 * Carries out one mount of a plan below `root`, from its opened source, which is closed, or, when that is -1, of a new
 * file system, which is noted in `own` when it is the first of its kind. Mounts are carried out in their order. Returns 0,
 * or -1 with the failure.
 */
int mount_attach(int root, const struct mount_list *list, size_t index, struct own_mounts *own, struct failure *failure);

/* Makes a detached file system. `options` are `key=value` or `key`. Returns the mount's descriptor, or -1 with errno.
 */
int mount_filesystem(const char *type, char *const *options, size_t count, uint64_t attributes);

/* As mount_filesystem, of a device, or of what the type calls its source. */
int mount_filesystem_of(const char *type, const char *device, char *const *options, size_t count, uint64_t attributes);

/* Clones what `fd` shows as a detached mount. `recursive`: with the mounts below it. Returns the descriptor, or -1 with
 * errno. */
int mount_clone(int fd, bool recursive);

/* Has a detached mount map the ids of its files as a user namespace does. Returns 0, or -1 with errno. */
int mount_map_ids(int mount, int user_namespace, bool recursive);

/* Sets MOUNT_ATTR_* flags on a detached mount. Returns 0, or -1 with errno. */
int mount_set(int mount, uint64_t attributes, bool recursive);

/* Takes all flags that a plan can set from a detached mount. Returns 0, or -1 with errno. */
int mount_clear(int mount);

/* Attaches a detached mount to the place that `target` shows. Returns 0, or -1 with errno. */
int mount_move(int mount, int target);

#endif
