#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "identity.h"
#include "io.h"
#include "syscalls.h"
#include "terminal.h"
#include "user_namespace.h"

int exec_open_target(struct target *target, const exec_plan *plan, const struct host *host, struct failure *failure) {
  if (target_open(target, plan->container_state_dir, host, failure) < 0) return -1;
  if ((target->namespace_flags & CLONE_NEWPID) != 0 && setns(target->pidfd, CLONE_NEWPID) < 0) {
    return errno == ESRCH ? target_not_running(failure) : fail(failure, "setns", errno, "enter the pid namespace");
  }
  return 0;
}

const char *exec_find_below(const char *cgroups, const char *name, size_t *length) {
  const char *line = cgroups;
  while (line != NULL && strncmp(line, "0::", 3) != 0) {
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
  if (line == NULL) return NULL;
  size_t name_length = strlen(name);
  size_t line_length = strcspn(line, "\n");
  for (const char *at = line + 3; at + 1 + name_length < line + line_length; at++) {
    if (at[0] != '/' || strncmp(at + 1, name, name_length) != 0 || at[1 + name_length] != '/') continue;
    *length = line_length - (size_t)(at + name_length + 2 - line);
    return at + name_length + 2;
  }
  return NULL;
}

/* Opens the directory below `cgroup` in which a process is; -1 when it is in none. */
static int open_below(int cgroup, const char *name, pid_t pid) {
  char file[32];
  char cgroups[4096];
  char path[PATH_MAX];
  size_t length = 0;
  (void)snprintf(file, sizeof file, "/proc/%d/cgroup", pid);
  if (read_text_at(AT_FDCWD, file, cgroups, sizeof cgroups) < 0) return -1;
  const char *below = exec_find_below(cgroups, name, &length);
  if (below == NULL || length == 0) return -1;
  (void)snprintf(path, sizeof path, "%.*s", (int)length, below);
  return sys_openat2(cgroup, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static void open_noted(struct cgroup *cgroup, const exec_plan *plan) {
  cleanup_close int state_dir = open(plan->container_state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  cgroup_open_noted(cgroup, state_dir);
}

/* Asked by the child itself: an update that added a control group since the keeper looked has not moved it there. */
static int join_legacy(const struct exec_context *context, const struct cgroup *cgroup, struct failure *failure) {
  struct cgroup joined = *cgroup;
  open_noted(&joined, context->plan);
  return cgroup_join_legacy(&joined, failure);
}

int exec_open_cgroup(struct cgroup *cgroup, const exec_plan *plan, const struct target *target,
                     struct failure *failure) {
  if (cgroup_open(cgroup, plan->cgroup, failure) < 0) return -1;
  open_noted(cgroup, plan);
  if (cgroup->unified_path == NULL) return 0;
  /* Outside its cgroup nothing may run: a container that is being cleaned up does not run any more. */
  if (cgroup->unified < 0) return target_not_running(failure);
  int below = open_below(cgroup->unified, strrchr(cgroup->unified_path, '/') + 1, target->pid);
  if (below < 0) return 0;
  close_fd(&cgroup->unified);
  cgroup->unified = below;
  return 0;
}

/*
 * What the out-of-memory killer thinks of a process is inherited, here from the helper, which may be better protected
 * than a container is. Not being allowed to change it is no failure, as with the plan's process files.
 */
static void take_oom_score(pid_t pid) {
  char path[40];
  char score[16];
  (void)snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
  if (read_text_at(AT_FDCWD, path, score, sizeof score) > 0) {
    (void)write_text_at(AT_FDCWD, "/proc/thread-self/oom_score_adj", score);
  }
}

static int enter(const struct target *target, struct failure *failure) {
  int others = (int)(target->namespace_flags & ~(uint64_t)CLONE_NEWPID);
  if (setns(target->pidfd, others) == 0)
    return (others & CLONE_NEWUSER) == 0 ? 0 : user_namespace_become_root(failure);
  return errno == ESRCH ? target_not_running(failure)
                        : fail(failure, "setns", errno, "enter the namespaces 0x%x", (unsigned)others);
}

static int open_terminal(struct child *child, int root, const process_plan *process, struct failure *failure) {
  cleanup_close int devpts = terminal_find_devpts(root, failure);
  if (devpts < 0) return -1;
  return terminal_open(child, devpts, process, failure);
}

int exec_run(struct child *child, const struct exec_context *context, const struct cgroup *cgroup,
             struct failure *failure) {
  const process_plan *process = context->plan->process;
  (void)umask(0);
  if (setsid() < 0) return fail(failure, "session", errno, "lead a session");
  take_oom_score(context->target->pid);
  if (identity_confine(process, failure) < 0) return -1;
  if (join_legacy(context, cgroup, failure) < 0 || enter(context->target, failure) < 0) return -1;
  timings_lap(&child->timings, "enter");
  cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return fail(failure, "setns", errno, "open the root");
  if (process->terminal && open_terminal(child, root, process, failure) < 0) return -1;
  if (process_open_working_directory(child, root, process, failure) < 0) return -1;
  timings_lap(&child->timings, "cwd");
  return process_execute(child, process, failure);
}
