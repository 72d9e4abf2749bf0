/*
 * A container's own user namespace. clone3 makes it together with the others, which so belong to it; the keeper then writes
 * its maps and makes what takes rights on the host: the overlay, whose superblock must belong to the host for its xattrs, and
 * the sources of bind mounts. All files are reached through mounts that map ids as the namespace does.
 */
#ifndef BERTH_USER_NAMESPACE_H
#define BERTH_USER_NAMESPACE_H

#include <sys/types.h>

#include "failure.h"
#include "init.h"
#include "plan.h"

/* In the keeper: makes everything ready for the child `pid` and hands it over `sync`. Returns 0, or -1 with the failure. */
int user_namespace_prepare(pid_t pid, int sync, const struct container_context *context, struct failure *failure);

/* In the keeper, before the clone: raises its own hard limits to those of the plan, which nobody in the namespace could. */
void user_namespace_raise_limits(const process_plan *process);

/* The host's id of a user of the container, who owns the streams of its process; -1 when `space` is NULL. */
uid_t user_namespace_owner(const user_namespace_plan *space, const process_plan *process);

/* In the child: receives the detached overlay and the source of each mount that is not among the volumes; -1 for those without. Returns 0, or -1
 * with the failure. */
int user_namespace_receive(int sync, const container_plan *plan, const struct volumes *volumes, int *root,
                           int sources[PLAN_LIST_MAX], struct failure *failure);

/* In the child: becomes root of the namespace. Returns 0, or -1 with the failure. */
int user_namespace_become_root(struct failure *failure);

#endif
