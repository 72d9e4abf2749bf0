/* What went wrong, in one struct that is never allocated. */
#ifndef BERTH_ERROR_H
#define BERTH_ERROR_H

/* The kind decides the exit code and, in TypeScript, the reason code. */
enum failure {
  FAILURE_INTERNAL = 1,  /* a system call failed that should not */
  FAILURE_USAGE = 2,     /* wrong command line */
  FAILURE_INVALID = 3,   /* the layer is broken or hostile */
  FAILURE_DIGEST = 4,    /* the content is not what the digest promised */
  FAILURE_DISK_FULL = 5, /* no space, inodes or quota left */
  FAILURE_LIMIT = 6,     /* the layer exceeds a limit */
  FAILURE_NOT_FOUND = 7, /* there is no such path in the container */
  FAILURE_CONFLICT = 8,  /* something else is in the place, and shall stay */
  FAILURE_READ_ONLY = 9, /* the place cannot be written to */
};

struct layer_error {
  enum failure kind;
  const char *step; /* static string: what was being done */
  int errnum;       /* errno, or 0 */
  char detail[640];
};

/* Fills `error` and returns -1, so that a caller can `return fail(...)`. */
int fail(struct layer_error *error, enum failure kind, const char *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* As fail(), with the kind that the current errno stands for; the detail gets ": strerror". */
int fail_errno(struct layer_error *error, const char *step, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The name of a kind on the wire: `LAYER_INVALID`, `DISK_FULL`, ... */
const char *failure_reason(enum failure kind);

#endif
