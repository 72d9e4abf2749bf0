/* The root file system of a container: layers below, a writable directory on top. */
#ifndef BERTH_OVERLAY_H
#define BERTH_OVERLAY_H

#include "failure.h"
#include "plan.h"

/*
 * Mounts the overlay over `layers_dir` in the calling process's own mount namespace, and makes the working directory
 * that place. Returns an O_PATH descriptor of the new root, or -1 with the failure.
 */
int overlay_mount(const rootfs_plan *rootfs, struct failure *failure);

/*
 * Makes the overlay without attaching it, its directories reached through `storage`, a detached mount of `storage_dir` that
 * maps their ids. For the keeper, whose user namespace the file system belongs to. Returns the detached mount, or -1 with
 * the failure; EINVAL when the kernel is too old for that.
 */
int overlay_make_mapped(const rootfs_plan *rootfs, const char *storage_dir, int storage, struct failure *failure);

/* Attaches a detached overlay as overlay_mount does. Returns 0, or -1 with the failure. */
int overlay_attach(const rootfs_plan *rootfs, int mount, struct failure *failure);

#endif
