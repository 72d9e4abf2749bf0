#include "joins.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "cleanup.h"
#include "mounts.h"
#include "syscalls.h"

static int enter(const struct target *target, uint64_t flags, struct failure *failure) {
  if (flags == 0 || setns(target->pidfd, (int)flags) == 0) return 0;
  return errno == ESRCH ? target_not_running(failure)
                        : fail(failure, "setns", errno, "enter the namespaces 0x%llx", (unsigned long long)flags);
}

int joins_open(struct joins *joins, const container_plan *plan, const struct host *host, struct failure *failure) {
  for (size_t i = 0; i < plan->n_joins; i++) {
    struct target *target = &joins->targets[joins->count];
    *target = TARGET_NONE;
    if (target_open(target, plan->joins[i]->state_dir, host, failure) < 0) return -1;
    joins->count++;
    if (enter(target, plan->joins[i]->flags & CLONE_NEWPID, failure) < 0) return -1;
  }
  return 0;
}

int joins_enter(const struct joins *joins, const container_plan *plan, struct failure *failure) {
  for (size_t i = 0; i < joins->count; i++) {
    if (enter(&joins->targets[i], plan->joins[i]->flags & ~(uint64_t)CLONE_NEWPID, failure) < 0) return -1;
  }
  return 0;
}

/* The path is looked up with the container's own root as root: nothing in it leads elsewhere. */
static int open_there(const char *path, struct failure *failure) {
  cleanup_close int at = sys_openat2(AT_FDCWD, path, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  cleanup_close int tree = at < 0 ? -1 : mount_clone(at, false);
  if (tree < 0) return fail(failure, "mount", errno, "open %.200s of the joined container", path);
  return take_fd(&tree);
}

int joins_open_mount(const struct joins *joins, const Berth__Native__V1__SharedMount *mount, struct failure *failure) {
  cleanup_close int home = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (home < 0) return fail(failure, "mount", errno, "open the own mount namespace");
  if (enter(&joins->targets[mount->join], CLONE_NEWNS, failure) < 0) return -1;
  cleanup_close int tree = open_there(mount->path, failure);
  if (setns(home, CLONE_NEWNS) < 0) return fail(failure, "setns", errno, "come back from the mount namespace");
  return take_fd(&tree);
}

void joins_close(struct joins *joins) {
  for (size_t i = 0; i < joins->count; i++) target_close(&joins->targets[i]);
}
