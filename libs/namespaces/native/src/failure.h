/* A failure: which step, why, on what. Passed down by pointer, filled once, never allocated. */
#ifndef BERTH_FAILURE_H
#define BERTH_FAILURE_H

struct failure {
  char step[24];    /* a stable word, as in native.proto's Failure.step */
  int error;        /* the errno, 0 when there is none */
  char detail[232]; /* what was tried, on what */
};

/* Fills `failure` and returns -1, so that a function can end with `return fail(...)`. Too long a detail is cut. */
int fail(struct failure *failure, const char *step, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
