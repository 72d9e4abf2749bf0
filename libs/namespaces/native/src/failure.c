#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct failure *failure, const char *step, int error, const char *format, ...) {
  memset(failure, 0, sizeof *failure);
  strncpy(failure->step, step, sizeof failure->step - 1);
  failure->error = error;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(failure->detail, sizeof failure->detail, format, arguments);
  va_end(arguments);
  return -1;
}
