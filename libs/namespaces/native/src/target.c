#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "record.h"

int target_not_running(struct failure *failure) {
  return fail(failure, "setns", ESRCH, "the container is not running");
}

int target_open(struct target *target, const char *state_dir, const struct host *host, struct failure *failure) {
  cleanup_close int directory = open(state_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0)
    return errno == ENOENT ? target_not_running(failure) : fail(failure, "setns", errno, "open %.200s", state_dir);
  struct record record;
  if (record_read(directory, &record, failure) < 0) return failure->error == ENOENT ? target_not_running(failure) : -1;
  if (record.phase != RECORD_RUNNING || strcmp(record.boot_id, host->boot_id) != 0) return target_not_running(failure);
  cleanup_close int pidfd = pidfd_open((pid_t)record.process_pid, 0);
  if (pidfd < 0) return target_not_running(failure);
  /* Looked up after the pidfd: if the start time fits now, the pidfd is that of the very process. */
  if (process_start_ticks((pid_t)record.process_pid) != record.process_start_ticks) return target_not_running(failure);
  target->pidfd = take_fd(&pidfd);
  target->pid = (pid_t)record.process_pid;
  target->namespace_flags = record.namespace_flags;
  return 0;
}

void target_close(struct target *target) { close_fd(&target->pidfd); }
