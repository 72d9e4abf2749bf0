/* Mounts the file system of a container that does not run, for as long as somebody wants it. */
#ifndef BERTH_HOLDER_H
#define BERTH_HOLDER_H

#include "host.h"
#include "plan.h"

/*
 * Moves this process into a mount namespace of its own with the container's file system as its root, tells so, and
 * returns when the other side closes the connection: the mounts go with the process.
 */
void hold_container(int connection, const mount_container_plan *plan, const struct host *host);

#endif
