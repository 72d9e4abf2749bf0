/* The requests that `serve` reads: pure, no system calls. */
#ifndef BERTH_REQUEST_H
#define BERTH_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

/* Longest request in bytes: two paths and some options. */
#define REQUEST_MAX 16384
#define REQUEST_ARGUMENTS_MAX 24
#define REQUEST_ID_MAX 19

/* Strings point into the bytes that were parsed. */
struct request {
  const char *id;
  int count;                                  /* as main gets it, with the program's name */
  char *arguments[REQUEST_ARGUMENTS_MAX + 2]; /* as main gets it, with NULL at the end */
};

/*
 * Parses the first request in the bytes. A request is fields that end with a NUL: an id of decimal digits, then the arguments; an
 * empty field ends it. Returns its length, 0 when it is not complete yet, -1 when it is none.
 */
ssize_t request_parse(char *bytes, size_t length, struct request *request);

#endif
