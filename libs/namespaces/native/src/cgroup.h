/* The control groups of a container, in the cgroup2 tree and, where limits ask for it, in cgroup v1 hierarchies. */
#ifndef BERTH_CGROUP_H
#define BERTH_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "failure.h"
#include "plan.h"

#define CGROUP_LEGACY_MAX 16

struct cgroup {
  char *unified_path; /* owned; NULL without one */
  int unified;        /* its directory, -1 without one */
  size_t legacy_count;
  char *legacy_paths[CGROUP_LEGACY_MAX]; /* owned */
  int legacy[CGROUP_LEGACY_MAX];
};

#define CGROUP_NONE ((struct cgroup){.unified = -1})

/* Makes and opens the directories and writes their values. A NULL plan gives none. Returns 0, or -1 with the failure.
 */
int cgroup_create(struct cgroup *cgroup, const cgroup_plan *plan, struct failure *failure);

/* Opens directories that exist, for an exec or a clean-up; one that is missing is left out. Returns 0, or -1 with the
 * failure. */
int cgroup_open(struct cgroup *cgroup, const cgroup_plan *plan, struct failure *failure);

/* Moves the calling process into the cgroup v1 directories; clone3 has put it into the cgroup2 one. */
int cgroup_join_legacy(const struct cgroup *cgroup, struct failure *failure);

/* Sends SIGKILL to every process in it. Returns 0, or -1 with errno. */
int cgroup_kill(const struct cgroup *cgroup);

/* Tells whether the out-of-memory killer has struck in it. */
bool cgroup_oom_killed(const struct cgroup *cgroup);

/* Kills what is left and removes the directories, waiting up to two seconds for the dead to leave. Closes the rest. */
void cgroup_remove(struct cgroup *cgroup);

/* Closes and frees, and leaves the directories. */
void cgroup_close(struct cgroup *cgroup);

/*
 * Makes the directory under which an engine's containers live, `<dir>/containers`, hands it the controllers that there
 * are, and attaches the default device program. Returns 0, or -1 with the failure.
 */
int cgroup_prepare_parent(const char *dir, struct failure *failure);

/* Removes an engine's directory with its empty children. Missing is fine. Returns 0, or -1 with the failure. */
int cgroup_remove_parent(const char *dir, struct failure *failure);

#endif
