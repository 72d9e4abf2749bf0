/* Moves processes between control groups. */
#ifndef BERTH_CGROUP_MOVE_H
#define BERTH_CGROUP_MOVE_H

/*
 * Moves all processes of a cgroup2 directory, and of those below it, into one of a cgroup v1 hierarchy; also those that
 * are born meanwhile. Returns 0, or -1 with errno.
 */
int cgroup_move_processes(int unified, int legacy);

#endif
