/* From a profile to a filter. */
#ifndef BERTH_SECCOMP_COMPILE_H
#define BERTH_SECCOMP_COMPILE_H

#include <linux/filter.h>
#include <stddef.h>

#include "architecture.h"
#include "profile.h"
#include "program.h"

/*
 * Compiles `profile` for processes of architecture `native` and for those of its older siblings that the kernel runs
 * too (x86_64: x86 and x32; aarch64: arm). Calls of any other architecture kill the process. Returns the number of
 * instructions, 0 when the program would be longer than the kernel takes.
 */
size_t compile(const struct profile *profile, const struct architecture *native,
               struct sock_filter instructions[static PROGRAM_SIZE]);

/* The first rule whose name is no system call of any architecture, NULL when all are. */
const struct rule *compile_find_unknown(const struct profile *profile);

#endif
