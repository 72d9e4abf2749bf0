#include "clean_up.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "network.h"
#include "record.h"

/* Tells whether another holds the lock, which a keeper does as long as it lives. */
static bool is_kept(int state_dir) {
  cleanup_close int fd = openat(state_dir, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

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
  if (state_dir >= 0 && is_kept(state_dir))
    return fail(failure, "state", EBUSY, "the keeper of %.180s lives", plan->state_dir);
  if (state_dir >= 0) kill_recorded(state_dir, host);
  struct cgroup cgroup;
  if (cgroup_open(&cgroup, plan->cgroup, failure) < 0) return -1;
  cgroup_remove(&cgroup);
  return plan->host_interface[0] == '\0' ? 0 : network_detach(plan->host_interface, failure);
}

int clean_up_engine(const Berth__Native__V1__RemoveNetwork *plan, struct failure *failure) {
  if (plan->unified_dir[0] != '\0') {
    if (plan_check_path(plan->unified_dir, "unified_dir", failure) < 0) return -1;
    if (cgroup_remove_parent(plan->unified_dir, failure) < 0) return -1;
  }
  return plan->bridge[0] == '\0' ? 0 : network_remove(plan, failure);
}
