#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_detail(struct layer_error *error, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void set_detail(struct layer_error *error, const char *format, va_list arguments) {
  if (vsnprintf(error->detail, sizeof(error->detail), format, arguments) < 0) error->detail[0] = '\0';
}

int fail(struct layer_error *error, enum failure kind, const char *step, const char *format, ...) {
  va_list arguments;

  error->kind = kind;
  error->step = step;
  error->errnum = 0;
  va_start(arguments, format);
  set_detail(error, format, arguments);
  va_end(arguments);
  return -1;
}

static enum failure kind_of_errno(int errnum) {
  switch (errnum) {
    case ENOSPC:
    case EDQUOT:
      return FAILURE_DISK_FULL;
    case EFBIG:
    case ENOMEM:
      return FAILURE_LIMIT;
    case EROFS:
      return FAILURE_READ_ONLY;
    case ENAMETOOLONG:
    case ELOOP:
    case EMLINK:
      return FAILURE_INVALID;
    default:
      return FAILURE_INTERNAL;
  }
}

int fail_errno(struct layer_error *error, const char *step, const char *format, ...) {
  va_list arguments;
  int errnum = errno;
  size_t used;

  error->kind = kind_of_errno(errnum);
  error->step = step;
  error->errnum = errnum;
  va_start(arguments, format);
  set_detail(error, format, arguments);
  va_end(arguments);
  used = strlen(error->detail);
  snprintf(error->detail + used, sizeof(error->detail) - used, ": %s", strerrordesc_np(errnum));
  return -1;
}

const char *failure_reason(enum failure kind) {
  switch (kind) {
    case FAILURE_USAGE:
      return "INVALID_ARGUMENT";
    case FAILURE_INVALID:
      return "LAYER_INVALID";
    case FAILURE_DIGEST:
      return "DIGEST_MISMATCH";
    case FAILURE_DISK_FULL:
      return "DISK_FULL";
    case FAILURE_LIMIT:
      return "LAYER_LIMIT";
    case FAILURE_NOT_FOUND:
      return "PATH_NOT_FOUND";
    case FAILURE_CONFLICT:
      return "PATH_CONFLICT";
    case FAILURE_READ_ONLY:
      return "PATH_READ_ONLY";
    case FAILURE_INTERNAL:
    default:
      return "INTERNAL";
  }
}
