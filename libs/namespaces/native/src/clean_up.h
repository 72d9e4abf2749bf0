/* Removing what a keeper that died, or a whole engine, has left. */
#ifndef BERTH_CLEAN_UP_H
#define BERTH_CLEAN_UP_H

#include "failure.h"
#include "host.h"
#include "plan.h"

/* Kills what is left of a container and removes its interface and cgroups. A living keeper makes it fail with EBUSY.
 * Idempotent. */
int clean_up_container(const clean_up_plan *plan, const struct host *host, struct failure *failure);

/* Removes an engine's bridge, table and cgroups. Idempotent. */
int clean_up_engine(const Berth__Native__V1__RemoveNetwork *plan, struct failure *failure);

#endif
