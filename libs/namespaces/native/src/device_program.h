/* The device rules of containers, as a BPF program on a cgroup. */
#ifndef BERTH_DEVICE_PROGRAM_H
#define BERTH_DEVICE_PROGRAM_H

#include <stddef.h>

#include "failure.h"
#include "plan.h"

/*
 * Attaches the default device rules, which are Docker's, and `count` more to a cgroup2 directory (the unified tree of a hybrid host will do): they hold
 * for every cgroup below it. Idempotent; a program that an older Berth left there is replaced. Programs that others attach there or
 * below it are left alone, and can forbid more, never allow more.
 */
int device_program_attach(int cgroup_dirfd, device_rule *const *rules, size_t count, struct failure *failure);

#endif
