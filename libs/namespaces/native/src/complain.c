#include "complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)fputs("berth-ns: ", stderr);
  (void)vfprintf(stderr, format, arguments);
  (void)fputc('\n', stderr);
  va_end(arguments);
  return -1;
}

int complain_errno(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  (void)fputs("berth-ns: ", stderr);
  (void)vfprintf(stderr, format, arguments);
  (void)fprintf(stderr, ": %s\n", strerror(error));
  va_end(arguments);
  return -1;
}
