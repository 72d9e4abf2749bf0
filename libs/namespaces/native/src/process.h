/* The last steps of every process that is started, a container's first or an exec: from a set-up child to execve. */
#ifndef BERTH_PROCESS_H
#define BERTH_PROCESS_H

#include "clock.h"
#include "failure.h"
#include "plan.h"

/* What a child has been given and has prepared. */
struct child {
  int sync;              /* to the keeper */
  int stdio[3];          /* stdin, stdout, stderr; -1 until the terminal is open */
  int working_directory; /* opened inside the root, -1 before */
  struct timings timings;
};

/* Opens the working directory inside `root`, making it first when the plan says so. Returns 0, or -1 with the failure.
 */
int process_open_working_directory(struct child *child, int root, const process_plan *process, struct failure *failure);

/* Makes the child a session leader, gives it its streams, limits, directory and identity, waits for the keeper, and
 * executes. Returns only on failure. */
int process_execute(struct child *child, const process_plan *process, struct failure *failure);

#endif
