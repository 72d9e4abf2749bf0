/* Test Anything Protocol for C units: check(condition, "sentence"), and `return done();` at the end of main. */
#ifndef BERTH_TAP_H
#define BERTH_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count;
static int tap_failed;

static inline void tap_check(bool passed, const char *sentence, const char *file, int line) {
  tap_count++;
  if (!passed) tap_failed++;
  printf("%s %d - %s", passed ? "ok" : "not ok", tap_count, sentence);
  if (!passed) printf(" # %s:%d", file, line);
  printf("\n");
}

#define check(condition, sentence) tap_check((condition), (sentence), __FILE__, __LINE__)

static inline int done(void) {
  printf("1..%d\n", tap_count);
  return tap_failed == 0 ? 0 : 1;
}

#endif
