#include "clean_up.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "lock.h"
#include "network.h"
#include "publication.h"
#include "record.h"

/* Kills the process of a record if it still is that process. */
static void kill_recorded(int state_dir, const struct host *host) {
  struct record record;
  struct failure failure;
  if (record_read(state_dir, &record, &failure) < 0 || record.process_pid == 0) return;
  if (strcmp(record.boot_id, host->boot_id) != 0) return;
  cleanup_close int pidfd = pidfd_open((pid_t)record.process_pid, 0);
  if (pidfd < 0 || process_start_ticks((pid_t)record.process_pid) != record.process_start_ticks) return;
  (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
}

int clean_up_container(const clean_up_plan *plan, const struct host *host, struct failure *failure) {
  if (plan_check_clean_up(plan, failure) < 0) return -1;
  cleanup_close int state_dir = open(plan->state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (state_dir < 0 && errno != ENOENT) return fail(failure, "state", errno, "open %.200s", plan->state_dir);
  /* Held to the end, so that no keeper begins there meanwhile. Without a lock's file there never was one. */
  cleanup_close int lock = state_dir < 0 ? -1 : lock_take(state_dir, false, failure);
  if (state_dir >= 0 && lock < 0 && failure->error != ENOENT) return -1;
  if (state_dir >= 0) kill_recorded(state_dir, host);
  struct cgroup cgroup;
  if (cgroup_open(&cgroup, plan->cgroup, failure) < 0) return -1;
  cgroup_open_noted(&cgroup, state_dir);
  cgroup_remove(&cgroup);
  if (publication_clean_up(plan->publication, failure) < 0) return -1;
  return plan->host_interface[0] == '\0' ? 0 : network_detach(plan->host_interface, failure);
}

int clean_up_engine(const Berth__Native__V1__RemoveNetwork *plan, struct failure *failure) {
  if (plan->unified_dir[0] != '\0') {
    if (plan_check_path(plan->unified_dir, "unified_dir", failure) < 0) return -1;
    if (cgroup_remove_parent(plan->unified_dir, failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_legacy_dirs; i++) {
    if (plan_check_path(plan->legacy_dirs[i], "legacy_dirs", failure) < 0) return -1;
    if (cgroup_remove_parent(plan->legacy_dirs[i], failure) < 0) return -1;
  }
  return plan->bridge[0] == '\0' ? 0 : network_remove(plan, failure);
}
