#include "sandbox.h"

#include "cleanup.h"
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Against defects: what unpacks is bounded by itself, what compares trees of millions of files needs some hundred megabytes. */
#define MEMORY_MAX (768UL * 1024 * 1024)

#define MASK(capability) (1U << (capability))

/* SYS_ADMIN is for trusted.overlay.opaque only; the filter takes away what else it allows. */
static const unsigned needed_capabilities = MASK(CAP_CHOWN) | MASK(CAP_DAC_OVERRIDE) | MASK(CAP_FOWNER) | MASK(CAP_FSETID) |
                                            MASK(CAP_MKNOD) | MASK(CAP_SYS_ADMIN) | MASK(CAP_SETFCAP);

/* SYS_ADMIN is for reading trusted.overlay.*. */
static const unsigned reading_capabilities = MASK(CAP_DAC_READ_SEARCH) | MASK(CAP_SYS_ADMIN);

static int set_capabilities(unsigned mask) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {
      {.effective = mask, .permitted = mask},
  };

  return (int)syscall(SYS_capset, &header, data);
}

void sandbox_drop_capabilities(void) {
  set_capabilities(0);
}

/* Makes a mount of the directory and makes it the root of this namespace. Returns an fd of it. */
static int change_root(int fd, uint64_t flags, struct layer_error *error) {
  cleanup_close int tree = -1;
  int root;
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | flags};

  /* unshare moves the current directory into the new namespace; the fd stays in the old one. */
  if (fchdir(fd) != 0) return fail_errno(error, "sandbox", "cannot enter the target");
  if (unshare(CLONE_NEWNS) != 0) return fail_errno(error, "sandbox", "cannot make a mount namespace");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    return fail_errno(error, "sandbox", "cannot make the mounts private");
  tree = (int)syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return fail_errno(error, "sandbox", "cannot clone the mount of the target");
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) != 0)
    return fail_errno(error, "sandbox", "cannot restrict the mount of the target");
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return fail_errno(error, "sandbox", "cannot mount the target");
  if (fchdir(tree) != 0 || sys_pivot_root(".", ".") != 0)
    return fail_errno(error, "sandbox", "cannot change the root to the target");
  if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) return fail_errno(error, "sandbox", "cannot let go of the host's root");
  root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return root >= 0 ? root : fail_errno(error, "sandbox", "cannot open the new root");
}

static int limit(int resource, rlim_t value, struct layer_error *error) {
  const struct rlimit both = {.rlim_cur = value, .rlim_max = value};

  if (setrlimit((__rlimit_resource_t)resource, &both) != 0) return fail_errno(error, "sandbox", "cannot set a resource limit");
  return 0;
}

static int set_limits(uint64_t max_file_bytes, struct layer_error *error) {
  /* Too large a write then answers EFBIG. */
  if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) return fail_errno(error, "sandbox", "cannot ignore a signal");
  if (limit(RLIMIT_FSIZE, max_file_bytes, error) < 0 || limit(RLIMIT_CORE, 0, error) < 0) return -1;
#ifndef __SANITIZE_ADDRESS__
  if (limit(RLIMIT_DATA, MEMORY_MAX, error) < 0) return -1;
#endif
  return 0;
}

static int drop_privileges(unsigned capabilities, struct layer_error *error) {
  for (int capability = 0; capability <= CAP_LAST_CAP; capability++) {
    /* EINVAL: a kernel that knows fewer. */
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL)
      return fail_errno(error, "sandbox", "cannot drop a capability");
  }
  if (set_capabilities(capabilities) != 0) return fail_errno(error, "sandbox", "cannot set the capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return fail_errno(error, "sandbox", "cannot give up privileges");
  return 0;
}

int sandbox_enter(int fd, uint64_t max_file_bytes, struct layer_error *error) {
  cleanup_close int root = -1;

  umask(0);
  root = change_root(fd, 0, error);
  if (root < 0 || set_limits(max_file_bytes, error) < 0 || drop_privileges(needed_capabilities, error) < 0) return -1;
  return take_fd(&root);
}

int sandbox_enter_to_read(int fd, struct layer_error *error) {
  cleanup_close int root = change_root(fd, MOUNT_ATTR_RDONLY, error);

  if (root < 0 || set_limits(RLIM_INFINITY, error) < 0 || drop_privileges(reading_capabilities, error) < 0) return -1;
  return take_fd(&root);
}

int sandbox_restrict(bool writes, struct layer_error *error) {
  unsigned capabilities = writes ? needed_capabilities & ~MASK(CAP_SYS_ADMIN) : MASK(CAP_DAC_READ_SEARCH);

  if (set_limits(RLIM_INFINITY, error) < 0) return -1;
  return drop_privileges(capabilities, error);
}
