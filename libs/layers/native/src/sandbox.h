#ifndef BERTH_SANDBOX_H
#define BERTH_SANDBOX_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Shuts the process into the directory `fd`: it becomes the root of an own mount namespace, the capabilities shrink to those that
 * unpacking needs, and only the system calls of unpacking are left (no network, no exec, no mount). Call it before threads start.
 * Returns an fd of the new root, or -1.
 */
int sandbox_enter(int fd, uint64_t max_file_bytes, struct layer_error *error);

/* As sandbox_enter, for work that only reads: the root is read-only, and of the capabilities those of reading are left. */
int sandbox_enter_to_read(int fd, struct layer_error *error);

/* Gives up what a process does not need in a container's file system. */
int sandbox_restrict(bool writes, struct layer_error *error);

/* Drops the calling thread's capabilities: the thread that inflates needs none. */
void sandbox_drop_capabilities(void);

/* Lets only the system calls through that unpacking needs; others answer ENOSYS. */
int sandbox_filter(struct layer_error *error);

#endif
