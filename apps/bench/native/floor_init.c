/* The inside of a floor container: the mounts, paths, limits and identity of Docker's defaults, with the fewest calls that make them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "floor.h"

enum { INERT = MS_NOSUID | MS_NOEXEC | MS_NODEV, LAST_CAPABILITY = 40 };

/* Docker's fourteen. */
static const uint32_t CAPABILITIES = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER | 1U << CAP_FSETID |
                                     1U << CAP_KILL | 1U << CAP_SETGID | 1U << CAP_SETUID | 1U << CAP_SETPCAP |
                                     1U << CAP_NET_BIND_SERVICE | 1U << CAP_NET_RAW | 1U << CAP_SYS_CHROOT | 1U << CAP_MKNOD |
                                     1U << CAP_AUDIT_WRITE | 1U << CAP_SETFCAP;

static const struct {
  const char *target;
  const char *type;
  unsigned long flags;
  const char *options;
} file_systems[] = {
    {"proc", "proc", INERT, NULL},
    {"dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"},
    {"dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
    {"sys", "sysfs", INERT | MS_RDONLY, NULL},
    {"sys/fs/cgroup", "cgroup2", INERT | MS_RDONLY, NULL},
    {"dev/mqueue", "mqueue", INERT, NULL},
    {"dev/shm", "tmpfs", INERT, "mode=1777,size=65536k"},
};

static const char *const bind_targets[FLOOR_FILES] = {"etc/resolv.conf", "etc/hostname", "etc/hosts"};

static const struct {
  const char *path;
  unsigned int major;
  unsigned int minor;
} devices[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
               {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};

static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"},
                                       {"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"},
                                       {"/proc/kcore", "dev/core"},       {"pts/ptmx", "dev/ptmx"}};

static const char *const masked[] = {"proc/acpi",
                                     "proc/asound",
                                     "proc/interrupts",
                                     "proc/kcore",
                                     "proc/keys",
                                     "proc/latency_stats",
                                     "proc/sched_debug",
                                     "proc/scsi",
                                     "proc/timer_list",
                                     "proc/timer_stats",
                                     "sys/devices/virtual/powercap",
                                     "sys/firmware",
                                     "sys/devices/system/cpu/cpu0/thermal_throttle"};

static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};

static const char *const sysctls[][2] = {{"proc/sys/net/ipv4/ip_unprivileged_port_start", "0"},
                                         {"proc/sys/net/ipv4/ping_group_range", "0 2147483647"}};

static int configure(int context, const char *key, const char *value) {
  return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

static int mount_overlay(const struct floor_plan *plan, const struct floor_paths *paths, struct failure *failure) {
  static const char *const options[][2] = {{"index", "off"}, {"metacopy", "off"}, {"redirect_dir", "nofollow"}, {"xino", "off"}};
  cleanup_close int context = fsopen("overlay", FSOPEN_CLOEXEC);
  for (size_t i = 0; i < plan->layer_count; i++)
    if (configure(context, "lowerdir+", plan->layers[i]) < 0) return fail(failure, "overlay", errno, "layer %s", plan->layers[i]);
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (configure(context, options[i][0], options[i][1]) < 0) return fail(failure, "overlay", errno, "option %s", options[i][0]);
  if (configure(context, "upperdir", paths->upper) < 0 || configure(context, "workdir", paths->work) < 0 ||
      fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
    return fail(failure, "overlay", errno, "create it");
  cleanup_close int tree = fsmount(context, FSMOUNT_CLOEXEC, 0);
  if (tree < 0 || move_mount(tree, "", AT_FDCWD, paths->root, MOVE_MOUNT_F_EMPTY_PATH) < 0 || chdir(paths->root) < 0)
    return fail(failure, "overlay", errno, "attach it");
  return 0;
}

static int make_target(const char *path, bool directory) {
  if (directory) return mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0;
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  return fd < 0 ? -1 : close(fd);
}

static int mount_file_systems(struct failure *failure) {
  for (size_t i = 0; i < sizeof file_systems / sizeof file_systems[0]; i++) {
    const char *target = file_systems[i].target;
    if (strncmp(target, "sys/", 4) != 0 && make_target(target, true) < 0)
      return fail(failure, "mount", errno, "create %s", target);
    if (mount(file_systems[i].type, target, file_systems[i].type, file_systems[i].flags, file_systems[i].options) < 0)
      return fail(failure, "mount", errno, "%s", target);
  }
  return 0;
}

static int bind_files(const struct floor_paths *paths, struct failure *failure) {
  if (make_target("etc", true) < 0) return fail(failure, "mount", errno, "create /etc");
  for (size_t i = 0; i < FLOOR_FILES; i++)
    if (make_target(bind_targets[i], false) < 0 || mount(paths->files[i], bind_targets[i], NULL, MS_BIND, NULL) < 0)
      return fail(failure, "mount", errno, "%s", bind_targets[i]);
  return 0;
}

static int populate_dev(struct failure *failure) {
  for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
    if (mknod(devices[i].path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) < 0)
      return fail(failure, "device", errno, "%s", devices[i].path);
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
    if (symlink(links[i][0], links[i][1]) < 0) return fail(failure, "device", errno, "%s", links[i][1]);
  return 0;
}

static int mask(const char *path) {
  struct stat status;
  if (stat(path, &status) < 0) return errno == ENOENT ? 0 : -1;
  if (S_ISDIR(status.st_mode)) return mount("tmpfs", path, "tmpfs", MS_RDONLY, NULL);
  return mount("dev/null", path, NULL, MS_BIND, NULL);
}

static int make_read_only(const char *path) {
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
  cleanup_close int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return errno == ENOENT ? 0 : -1;
  if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) return -1;
  return move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

static int hide_paths(struct failure *failure) {
  for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++)
    if (mask(masked[i]) < 0) return fail(failure, "mask", errno, "%s", masked[i]);
  for (size_t i = 0; i < sizeof read_only / sizeof read_only[0]; i++)
    if (make_read_only(read_only[i]) < 0) return fail(failure, "mask", errno, "%s", read_only[i]);
  return 0;
}

static int write_sysctls(struct failure *failure) {
  for (size_t i = 0; i < sizeof sysctls / sizeof sysctls[0]; i++) {
    cleanup_close int fd = open(sysctls[i][0], O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, sysctls[i][1], strlen(sysctls[i][1])) < 0) return fail(failure, "sysctl", errno, "%s", sysctls[i][0]);
  }
  return 0;
}

static int enter_root(struct failure *failure) {
  if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
    return fail(failure, "pivot", errno, "change the root");
  return 0;
}

static int drop_capabilities(struct failure *failure) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{CAPABILITIES, CAPABILITIES, 0}, {0, 0, 0}};
  for (unsigned int capability = 0; capability <= LAST_CAPABILITY; capability++)
    if (capability >= 32 || !(CAPABILITIES & 1U << capability)) (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  gid_t group = 0;
  if (setgroups(1, &group) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    return fail(failure, "identity", errno, "become the user");
  return syscall(SYS_capset, &header, data) < 0 ? fail(failure, "capabilities", errno, "set them") : 0;
}

static int load_seccomp(const struct floor_plan *plan, struct failure *failure) {
  if (plan->seccomp.len == 0) return 0;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &plan->seccomp) < 0 ? fail(failure, "seccomp", errno, "load the filter")
                                                                              : 0;
}

int floor_init(const struct floor_plan *plan, const struct floor_paths *paths, int ready, struct failure *failure) {
  static char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=floor",
                                      "HOME=/root", NULL};
  char byte;
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return fail(failure, "mount", errno, "make the mounts private");
  if (mount_overlay(plan, paths, failure) < 0 || mount_file_systems(failure) < 0 || bind_files(paths, failure) < 0 ||
      populate_dev(failure) < 0 || write_sysctls(failure) < 0 || hide_paths(failure) < 0 || enter_root(failure) < 0)
    return -1;
  if (sethostname("floor", 5) < 0) return fail(failure, "hostname", errno, "set it");
  if (read(ready, &byte, 1) != 1) return fail(failure, "network", EPIPE, "wait for it");
  if (load_seccomp(plan, failure) < 0 || drop_capabilities(failure) < 0) return -1;
  execve(plan->arguments[0], plan->arguments, environment);
  return fail(failure, "exec", errno, "%s", plan->arguments[0]);
}
