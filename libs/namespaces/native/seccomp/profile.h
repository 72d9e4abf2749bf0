/* A seccomp profile as text, and its parser. */
#ifndef BERTH_SECCOMP_PROFILE_H
#define BERTH_SECCOMP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One rule a line; `#` starts a comment; a name is a system call's.
 *
 *   default errno EPERM       what a call gets that no rule allows
 *   unknown errno ENOSYS      what a call gets that is newer than every call the profile names, so that libc falls back
 *   allow NAME...             rules for one call are tried in order, the first that matches counts
 *   errno ENOSYS NAME...
 *   allow NAME if arg0 & 0xffffffff != 38 and arg2 == 0
 *
 * Conditions compare all 64 bits of an argument. The kernel truncates an `int` argument, so a rule about one must mask
 * it, or a caller steps around the rule by setting a high bit.
 */

enum { PROFILE_NAME_SIZE = 40, PROFILE_CONDITIONS = 4, PROFILE_RULES = 1024 };

struct condition {
  unsigned int argument; /* 0 to 5 */
  bool equal;            /* ==, or != when false */
  uint64_t mask;
  uint64_t value;
};

/* `action` is a SECCOMP_RET_* value with its data. */
struct rule {
  char name[PROFILE_NAME_SIZE];
  uint32_t action;
  size_t condition_count;
  struct condition conditions[PROFILE_CONDITIONS];
};

struct profile {
  uint32_t default_action;
  uint32_t unknown_action;
  size_t rule_count;
  struct rule rules[PROFILE_RULES];
};

struct profile_error {
  unsigned int line;
  char message[120];
};

/* Parses `text`, which need not end in a NUL. Returns 0, or -1 with `error` filled. Touches nothing else: a fuzz
 * target. */
int profile_parse(const char *text, size_t size, struct profile *profile, struct profile_error *error);

#endif
