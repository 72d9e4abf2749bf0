/* The keeper's side of every start: make the streams, clone, let the child become the process, and know whether it did.
 */
#ifndef BERTH_LAUNCH_H
#define BERTH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "failure.h"
#include "keeper.h"
#include "process.h"
#include "spare_network.h"

struct launch {
  uint64_t clone_flags;
  struct spare_network *spare; /* the network namespace for the child; NULL: what the flags say */
  bool terminal;
  bool open_stdin;
  uid_t stream_owner; /* of the pipes, a user of the host; -1: whose they are */
  const void *plan; /* for the two functions */
  /* In the child; returns only on failure. */
  int (*child)(struct child *child, const struct keeper *keeper, const void *plan, struct failure *failure);
  /* In the keeper, while the child works; NULL for nothing. */
  int (*meanwhile)(struct keeper *keeper, int sync, const void *plan, struct failure *failure);
};

/*
 * Starts a process. On success keeper->pid, pidfd and the streams are set, the record says "running", and execve has
 * succeeded. `timings` gets what each step took. Returns 0, or -1 with the failure; the child is gone then.
 */
int launch(struct keeper *keeper, const struct launch *how, struct timings *timings, struct failure *failure);

#endif
