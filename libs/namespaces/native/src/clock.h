/* Time, and how long each step of a start took. */
#ifndef BERTH_CLOCK_H
#define BERTH_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NANOS_PER_SECOND 1000000000ULL
#define TIMINGS_MAX 40

static inline uint64_t clock_nanos(clockid_t clock) {
  struct timespec now;
  (void)clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * NANOS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static inline uint64_t unix_nanos(void) { return clock_nanos(CLOCK_REALTIME); }
static inline uint64_t monotonic_nanos(void) { return clock_nanos(CLOCK_MONOTONIC); }

struct timing {
  char step[16];
  uint64_t nanos;
};

struct timings {
  uint64_t lap;
  size_t count;
  struct timing entries[TIMINGS_MAX];
};

/* Starts the first lap. */
void timings_start(struct timings *timings);

/* Notes the time since the last lap under `step`; what does not fit is dropped. */
void timings_lap(struct timings *timings, const char *step);

/* Appends the entries of `more`. */
void timings_append(struct timings *timings, const struct timings *more);

#endif
