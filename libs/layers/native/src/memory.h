/*
 * How much memory this process may have while it unpacks a layer. What nearly all layers do with is everybody's; what few need more is had
 * by one process at a time, and by none whose layer is still coming, or a slow registry would hold up the others.
 */
#ifndef BERTH_MEMORY_H
#define BERTH_MEMORY_H

#include "error.h"

#include <stdbool.h>

/* The turns of the processes that this one starts. Returns an fd for memory_take_turns, or -1. */
int memory_make_turns(void);
void memory_take_turns(int turns);

/* Holds this process to what is everybody's. It may have more in turn when its layer is here whole. Without it there is no bound. */
int memory_bound(bool is_whole, struct layer_error *error);

/* Call it before a large piece: waits for the turn to have more, until the process ends. FAILURE_INVALID when there is none before the layer is whole. */
int memory_have_more(struct layer_error *error);

#endif
