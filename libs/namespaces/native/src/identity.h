/* Who a process is and what it may do: ids, capabilities, no_new_privs, seccomp. */
#ifndef BERTH_IDENTITY_H
#define BERTH_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "failure.h"
#include "plan.h"

/*
 * Has execve start the program under the plan's AppArmor profile. To be called while /proc is the helper's own: one of the
 * container's could be anything. Returns 0, or -1 with the failure.
 */
int identity_confine(const process_plan *process, struct failure *failure);

/*
 * Gives up everything that the plan's process does not have; what the helper itself lacks cannot be given and is left
 * out. The order is runc's: without no_new_privs the filter needs CAP_SYS_ADMIN and so comes first, with it the filter
 * comes last and need not allow what happens here. Returns 0, or -1 with the failure.
 */
int identity_take(const process_plan *process, struct failure *failure);

/*
 * What the calling process makes belongs to these ids of the host from now on, while it keeps all its rights; with 0 and 0
 * it is itself again. Returns 0, or -1 with errno.
 */
int identity_make_as(uid_t user, gid_t group);

/* Keeps only CAP_KILL, for a keeper's long life, and CAP_NET_ADMIN for one that has something to take back. Best effort. */
void identity_drop_to_keeper(bool of_network);

#endif
