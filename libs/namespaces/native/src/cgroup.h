/* The control groups of a container, in the cgroup2 tree and, where limits ask for it, in cgroup v1 hierarchies. */
#ifndef BERTH_CGROUP_H
#define BERTH_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * Makes and opens the directories, notes them in `state_dir` first when the plan says so, writes their values, and
 * attaches device rules. A NULL plan gives none. Returns 0, or -1 with the failure.
 */
int cgroup_create(struct cgroup *cgroup, const cgroup_plan *plan, int state_dir, struct failure *failure);

/* Opens directories that exist, for an exec or a clean-up; one that is missing is left out. Returns 0, or -1 with the
 * failure. */
int cgroup_open(struct cgroup *cgroup, const cgroup_plan *plan, struct failure *failure);

/* Opens also those that `state_dir` notes and that are there: an update may have added some. */
void cgroup_open_noted(struct cgroup *cgroup, int state_dir);

/*
 * Changes the limits of a container that runs: makes directories that are missing, writes all values, and moves the
 * container's processes. Returns 0, or -1 with the failure.
 */
int cgroup_update(const cgroup_plan *plan, int state_dir, struct failure *failure);

/* Moves the calling process into the cgroup v1 directories; clone3 has put it into the cgroup2 one. */
int cgroup_join_legacy(const struct cgroup *cgroup, struct failure *failure);

/* Sends SIGKILL to every process in it. Returns 0, or -1 with errno. */
int cgroup_kill(const struct cgroup *cgroup);

/* How many processes in it the out-of-memory killer has ended. */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/* Kills what is left and removes the directories, waiting up to two seconds for the dead to leave. Closes the rest. */
void cgroup_remove(struct cgroup *cgroup);

/* Closes and frees, and leaves the directories. */
void cgroup_close(struct cgroup *cgroup);

/*
 * Makes the directories under which an engine's containers live and hands them the controllers that there are:
 * `<dir>/containers`, where the default device rules hold, and `<dir>/apart`, where none do. Returns 0, or -1 with the
 * failure.
 */
int cgroup_prepare_parent(const char *dir, struct failure *failure);

/* Removes an engine's directory with its empty children. Missing is fine. Returns 0, or -1 with the failure. */
int cgroup_remove_parent(const char *dir, struct failure *failure);

#endif
