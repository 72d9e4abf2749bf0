/* Pseudo terminals in a container's devpts. */
#ifndef BERTH_TERMINAL_H
#define BERTH_TERMINAL_H

#include "failure.h"
#include "plan.h"
#include "process.h"

/*
 * Opens a terminal by the descriptor `directory` of a devpts mount: sends its master to the keeper and makes its slave
 * the child's streams. Never by a path of the container, so that what lies at /dev/pts cannot be forged
 * (CVE-2025-52565). Returns 0, or -1 with the failure.
 */
int terminal_open(struct child *child, int directory, const process_plan *process, struct failure *failure);

/* The devpts at /dev/pts inside `root`; -1 with the failure when something else is there. */
int terminal_find_devpts(int root, struct failure *failure);

/* Binds the child's terminal to /dev/console inside `root`. */
int terminal_bind_console(int root, const struct child *child, struct failure *failure);

#endif
