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

#endif
