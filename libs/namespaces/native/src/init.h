/* The child that becomes a container's first process: from clone3 to execve. */
#ifndef BERTH_INIT_H
#define BERTH_INIT_H

#include "arena.h"
#include "cgroup.h"
#include "failure.h"
#include "joins.h"
#include "loopback_resolver.h"
#include "plan.h"
#include "process.h"
#include "volumes.h"

/* A plan, and what the keeper has made ready for it. */
struct container_context {
  const container_plan *plan;
  const struct joins *joins;
  const struct volumes *volumes;
  const struct loopback_resolver *resolver;
  int connection; /* on which a root that follows comes */
  struct arena *arena;
};

/*
 * Runs in the new namespaces: builds the root file system, enters it and executes the plan's process. Returns only on
 * failure; whatever was made then goes away with the namespaces.
 */
int init_run(struct child *child, const struct container_context *context, const struct cgroup *cgroup,
             struct failure *failure);

#endif
