/* StartContainer and StartExec: the whole life of a keeper, from the plan to its end. */
#ifndef BERTH_START_H
#define BERTH_START_H

#include "arena.h"
#include "host.h"
#include "plan.h"

/* Each answers on `connection` with Started or Failure; after Started it serves until the process has ended. The arena
 * is closed on the way. */
void start_container(int connection, const container_plan *plan, struct arena *arena, struct host *host);
void start_exec(int connection, const exec_plan *plan, struct arena *arena, struct host *host);

#endif
