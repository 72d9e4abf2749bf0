/* The lock of a state directory, which tells that its keeper lives. */
#ifndef BERTH_LOCK_H
#define BERTH_LOCK_H

#include <stdbool.h>

#include "failure.h"

/*
 * Takes the lock, for as long as the descriptor lives. When another keeper has it whose process has ended, waits for it
 * to finish its work, up to three seconds. With `create` the lock's file is made when missing. Returns the descriptor,
 * or -1 with a failure of step "state": ENOENT when there is no file, EBUSY when another holds the lock.
 */
int lock_take(int state_dir, bool create, struct failure *failure);

#endif
