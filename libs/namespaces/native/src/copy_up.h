/* Fills a new volume with what the image has at the place where it is mounted. */
#ifndef BERTH_COPY_UP_H
#define BERTH_COPY_UP_H

#include "failure.h"

/*
 * Copies the directory `from` (in the container's root) into the directory `to` (the volume) when that one is empty,
 * and gives it the owner and mode of `from`. Does nothing when either is no directory. May be cut off at any moment:
 * the next call completes or repeats it. Returns 0, or -1 with a failure of step "mount".
 */
int copy_up(int from, int to, struct failure *failure);

#endif
