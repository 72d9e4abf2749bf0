/* The file `cgroups` of a run-time directory: the directories of a container's control groups, one absolute path a line. */
#ifndef BERTH_CGROUP_NOTE_H
#define BERTH_CGROUP_NOTE_H

#include "failure.h"
#include "plan.h"

/* Adds the directories of a plan that are not noted yet. Returns 0, or -1 with the failure. */
int cgroup_note(int state_dir, const cgroup_plan *plan, struct failure *failure);

/* Calls `visit` for each directory that is noted; for none without the file. */
void cgroup_for_each_noted(int state_dir, void (*visit)(const char *path, void *context), void *context);

#endif
