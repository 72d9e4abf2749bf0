#include "container_root.h"

#include "cleanup.h"
#include "sandbox.h"
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int fail_gone(struct layer_error *error) {
  return fail(error, FAILURE_NOT_FOUND, "enter", "the container has just ended");
}

/* Field 22 of /proc/PID/stat; the name in field 2 may have spaces and parentheses. 0 when there is no such process. */
static unsigned long long read_start_ticks(pid_t pid) {
  char path[32];
  char text[1024];
  unsigned long long ticks = 0;
  const char *at;
  ssize_t length;
  cleanup_close int fd = -1;

  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
  if (length <= 0) return 0;
  text[length] = '\0';
  at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  return at && sscanf(at, " %llu", &ticks) == 1 ? ticks : 0;
}

static bool has_own_users(pid_t pid) {
  struct stat own;
  struct stat other;
  char path[40];

  snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
  return stat("/proc/self/ns/user", &own) == 0 && stat(path, &other) == 0 && own.st_ino != other.st_ino;
}

static int enter(const struct container_process *process, struct layer_error *error) {
  cleanup_close int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
  bool own_users;

  if (fd < 0) return errno == ESRCH ? fail_gone(error) : fail_errno(error, "enter", "cannot open the container's process");
  /* Looked up after the pidfd: if the start time fits now, the pidfd is that of the very process. */
  if (process->start_ticks != 0 && read_start_ticks(process->pid) != process->start_ticks) return fail_gone(error);
  own_users = has_own_users(process->pid);
  if (setns(fd, CLONE_NEWNS | (own_users ? CLONE_NEWUSER : 0)) != 0)
    return errno == ESRCH ? fail_gone(error) : fail_errno(error, "enter", "cannot enter the container's mount namespace");
  if (own_users && (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0))
    return fail_errno(error, "enter", "cannot become the container's root");
  return 0;
}

static int copy_mounts(enum container_view view, struct layer_error *error) {
  unsigned recursive = view == CONTAINER_ROOT_ONLY ? 0 : AT_RECURSIVE;
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
  cleanup_close int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);

  if (tree < 0) return fail_errno(error, "enter", "cannot copy the container's mounts");
  if (view != CONTAINER_WRITE) attributes.attr_set |= MOUNT_ATTR_RDONLY;
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attributes, sizeof(attributes)) != 0)
    return fail_errno(error, "enter", "cannot restrict the copy of the container's mounts");
  return take_fd(&tree);
}

/* Open until the process ends. With its last descriptor the copy is taken out of its namespace; from then on the kernel takes the lock of all
 * mounts whenever a path lets one of them go, and each `..` behind a link finds that lock used, and fails. */
static int mounts = -1;

int container_root_open(const struct container_process *process, enum container_view view, struct layer_error *error) {
  cleanup_close int root = -1;

  umask(0);
  if (enter(process, error) < 0) return -1;
  mounts = copy_mounts(view, error);
  if (mounts < 0) return -1;
  root = openat(mounts, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0 || fchdir(root) != 0) return fail_errno(error, "enter", "cannot open the container's root");
  return sandbox_restrict(view == CONTAINER_WRITE, error) < 0 ? -1 : take_fd(&root);
}
