/* Finds a command and executes it, with the errno that tells the user why not. */
#ifndef BERTH_COMMAND_H
#define BERTH_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "failure.h"
#include "plan.h"

/*
 * Executes the first argument: as a path when it has a slash, else looked up in the PATH of the environment. Returns
 * only on failure, of step "exec": ENOENT when there is no such command (or an interpreter that it names is missing),
 * EISDIR, EACCES, ENOEXEC and others as execve(2) says.
 */
int command_execute(const process_plan *process, struct failure *failure);

/* Cuts the next directory off a PATH and joins `name` to it. An empty entry is the working directory. False at the end.
 * Too long a candidate is skipped. */
bool command_next_candidate(const char **path, const char *name, char *candidate, size_t size);

#endif
