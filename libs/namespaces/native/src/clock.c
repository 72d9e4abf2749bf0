#include "clock.h"

#include <string.h>

void timings_start(struct timings *timings) {
  timings->count = 0;
  timings->lap = monotonic_nanos();
}

void timings_lap(struct timings *timings, const char *step) {
  uint64_t now = monotonic_nanos();
  if (timings->count < TIMINGS_MAX) {
    struct timing *entry = &timings->entries[timings->count++];
    memset(entry->step, 0, sizeof entry->step);
    strncpy(entry->step, step, sizeof entry->step - 1);
    entry->nanos = now - timings->lap;
  }
  timings->lap = now;
}

void timings_append(struct timings *timings, const struct timings *more) {
  for (size_t i = 0; i < more->count && timings->count < TIMINGS_MAX; i++) {
    timings->entries[timings->count++] = more->entries[i];
  }
}
