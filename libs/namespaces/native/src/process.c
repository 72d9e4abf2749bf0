#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "identity.h"
#include "io.h"
#include "root.h"
#include "sync.h"
#include "syscalls.h"

int process_open_working_directory(struct child *child, int root, const process_plan *process,
                                   struct failure *failure) {
  const char *path = process->working_directory;
  child->working_directory = root_open(root, path, O_PATH | O_DIRECTORY);
  if (child->working_directory < 0 && errno == ENOENT && process->create_working_directory) {
    child->working_directory = root_make_directory(root, path);
    if (child->working_directory >= 0 &&
        fchownat(child->working_directory, "", process->user_id, process->group_id, AT_EMPTY_PATH) < 0) {
      return fail(failure, "cwd", errno, "change the owner of %.200s", path);
    }
  }
  return child->working_directory >= 0 ? 0 : fail(failure, "cwd", errno, "%.220s", path);
}

static int enter_working_directory(int directory, const char *path, struct failure *failure) {
  char real[PATH_MAX];
  if (fchdir(directory) < 0) return fail(failure, "cwd", errno, "enter %.200s", path);
  /* The kernel says "(unreachable)/..." for a directory outside the root, as a leaked descriptor would give
   * (CVE-2024-21626). */
  if (sys_getcwd(real, sizeof real) < 0) return fail(failure, "cwd", errno, "examine %.200s", path);
  if (real[0] != '/') return fail(failure, "cwd", ENOENT, "%.200s lies outside the container", path);
  return 0;
}

static int set_limits(const process_plan *process, struct failure *failure) {
  for (size_t i = 0; i < process->n_resource_limits; i++) {
    const Berth__Native__V1__ResourceLimit *limit = process->resource_limits[i];
    const struct rlimit values = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
    if (setrlimit(limit->resource, &values) < 0)
      return fail(failure, "limits", errno, "set the resource limit %u", limit->resource);
  }
  return 0;
}

static bool is_null_device(const struct stat *stat) {
  return S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(1, 3);
}

/* The container's own /dev/null; an empty stream when what it has there is something else (CVE-2025-31133). */
static int open_null(void) {
  cleanup_close int fd = open("/dev/null", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat stat;
  if (fd >= 0 && fstat(fd, &stat) == 0 && is_null_device(&stat) && set_nonblocking(fd, false) == 0) return take_fd(&fd);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  (void)close(ends[1]);
  return ends[0];
}

/* With the host's /dev/null for its stdin, root in the container could change its mode for all. */
static int leave_host_null(struct child *child, struct failure *failure) {
  struct stat stat;
  if (fstat(child->stdio[0], &stat) < 0) return fail(failure, "stdio", errno, "examine stdin");
  if (!is_null_device(&stat)) return 0;
  child->stdio[0] = open_null();
  return child->stdio[0] < 0 ? fail(failure, "stdio", errno, "open an empty stdin") : 0;
}

/* A process that is not root reopens /dev/stdout and the like by path, for which it must own them. */
static int own_stream(int fd, uid_t user, struct failure *failure) {
  struct stat stat;
  if (fstat(fd, &stat) < 0) return fail(failure, "stdio", errno, "examine the stream %d", fd);
  if (stat.st_uid == user || is_null_device(&stat)) return 0;
  if (fchown(fd, user, (gid_t)-1) == 0 || errno == EINVAL || errno == EPERM || errno == EROFS) return 0;
  return fail(failure, "stdio", errno, "change the owner of the stream %d", fd);
}

static int install_streams(struct child *child, const process_plan *process, struct failure *failure) {
  if (leave_host_null(child, failure) < 0) return -1;
  for (int fd = 0; fd < 3; fd++) {
    if (dup2(child->stdio[fd], fd) < 0) return fail(failure, "stdio", errno, "install the stream %d", fd);
    if (own_stream(fd, process->user_id, failure) < 0) return -1;
  }
  if (process->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
    return fail(failure, "terminal", errno, "take the controlling terminal");
  /* Whatever this process holds besides its streams ends with execve (CVE-2016-9962, CVE-2024-21626). */
  if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0) return fail(failure, "stdio", errno, "mark the descriptors");
  return 0;
}

static int report_ready(struct child *child, struct failure *failure) {
  struct sync_message message = {.kind = SYNC_READY, .timings = child->timings};
  return sync_send(child->sync, &message, -1) == 0 ? 0 : fail(failure, "exec", errno, "tell the keeper");
}

/* A session keyring of its own, or the process would share the helper's with every other container. Without keyrings
 * there is nothing to share. */
static void leave_keyring(void) { (void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); }

static int restore_signals(struct failure *failure) {
  sigset_t none;
  (void)sigemptyset(&none);
  if (signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, NULL) < 0) {
    return fail(failure, "signals", errno, "restore the signals");
  }
  return 0;
}

int process_execute(struct child *child, const process_plan *process, struct failure *failure) {
  if (set_limits(process, failure) < 0 || install_streams(child, process, failure) < 0) return -1;
  if (enter_working_directory(child->working_directory, process->working_directory, failure) < 0) return -1;
  if (restore_signals(failure) < 0) return -1;
  leave_keyring();
  (void)umask(process->umask);
  timings_lap(&child->timings, "process");
  if (sync_wait_go(child->sync) < 0) return fail(failure, "exec", errno, "wait for the keeper");
  timings_lap(&child->timings, "wait");
  if (report_ready(child, failure) < 0 || identity_take(process, failure) < 0) return -1;
  return command_execute(process, failure);
}
