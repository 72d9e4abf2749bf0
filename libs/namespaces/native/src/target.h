/* A running container, as another process enters it or its namespaces. */
#ifndef BERTH_TARGET_H
#define BERTH_TARGET_H

#include <stdint.h>
#include <sys/types.h>

#include "failure.h"
#include "host.h"

/* A container's first process, held so that no other can take its place. */
struct target {
  int pidfd;
  pid_t pid;
  uint64_t namespace_flags;
};

#define TARGET_NONE ((struct target){.pidfd = -1})

/*
 * Finds a container's first process by the record in its run-time directory. Returns 0, or -1 with the failure: step
 * "setns", ESRCH when the container does not run.
 */
int target_open(struct target *target, const char *state_dir, const struct host *host, struct failure *failure);

/* The failure of a container that does not run. Returns -1. */
int target_not_running(struct failure *failure);

void target_close(struct target *target);

#endif
