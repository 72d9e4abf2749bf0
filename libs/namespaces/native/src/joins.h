/* Namespaces of running containers that a new one joins. */
#ifndef BERTH_JOINS_H
#define BERTH_JOINS_H

#include "failure.h"
#include "host.h"
#include "plan.h"
#include "target.h"

struct joins {
  size_t count;
  struct target targets[PLAN_JOINS_MAX];
};

/*
 * In the keeper: finds the containers, and enters the pid namespace among those to join for children to come. Returns 0,
 * or -1 with the failure: step "setns", ESRCH when a container does not run.
 */
int joins_open(struct joins *joins, const container_plan *plan, const struct host *host, struct failure *failure);

/* In the child: enters the other namespaces. Returns 0, or -1 with the failure. */
int joins_enter(const struct joins *joins, const container_plan *plan, struct failure *failure);

/*
 * In the child, which has a mount namespace of its own: a detached clone of what a joined container has at a path.
 * Returns the descriptor, or -1 with the failure.
 */
int joins_open_mount(const struct joins *joins, const Berth__Native__V1__SharedMount *mount, struct failure *failure);

void joins_close(struct joins *joins);

#endif
