/* A further process in a running container. */
#ifndef BERTH_EXEC_H
#define BERTH_EXEC_H

#include <stdint.h>

#include "cgroup.h"
#include "failure.h"
#include "host.h"
#include "plan.h"
#include "process.h"
#include "target.h"

struct exec_context {
  const exec_plan *plan;
  const struct target *target;
};

/*
 * Finds the container's first process by its record and enters its pid namespace for children to come. Returns 0, or -1
 * with the failure: step "setns", ESRCH when the container does not run.
 */
int exec_open_target(struct target *target, const exec_plan *plan, const struct host *host, struct failure *failure);

/*
 * Opens the cgroups of the plan for clone3 to join: in the cgroup2 tree that one below the plan's in which the
 * container's first process is now, as a directory that has handed controllers to its children takes no process.
 * Returns 0, or -1 with the failure.
 */
int exec_open_cgroup(struct cgroup *cgroup, const exec_plan *plan, const struct target *target,
                     struct failure *failure);

/*
 * In the text of a /proc/<pid>/cgroup, finds what follows `/<name>/` in the path of the cgroup2 tree. Returns where it
 * begins and its length, or NULL.
 */
const char *exec_find_below(const char *cgroups, const char *name, size_t *length);

/* In the child: enters the container and executes the plan's process. Returns only on failure. */
int exec_run(struct child *child, const struct exec_context *context, const struct cgroup *cgroup,
             struct failure *failure);

#endif
