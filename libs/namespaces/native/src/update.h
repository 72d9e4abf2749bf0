/* Changing the limits of a container that runs. */
#ifndef BERTH_UPDATE_H
#define BERTH_UPDATE_H

#include "failure.h"
#include "plan.h"

/* Checks and carries out an update. Returns 0, or -1 with the failure: step "cgroup", ENOENT when it does not run. */
int update_cgroup(const update_plan *plan, struct failure *failure);

#endif
