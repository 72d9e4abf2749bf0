/* The device rules, as a process in a child cgroup meets them. */
#include "device_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct failure failure;
static char parent[] = "/sys/fs/cgroup/unified/berth-XXXXXX";
static char parent_of_v2[] = "/sys/fs/cgroup/berth-XXXXXX";
static char child[96];
static char nodes[] = "/tmp/berth-XXXXXX";

static bool succeeded(int result) {
  if (result < 0) printf("# %s: %s: %s\n", failure.step, failure.detail, strerror(failure.error));
  return result == 0;
}

static unsigned int programs_of(int cgroup) {
  union bpf_attr attributes = {0};
  attributes.query.target_fd = (uint32_t)cgroup;
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes);
  return attributes.query.prog_cnt;
}

/* A program that allows everything, attached as an older Berth or another program would. */
static bool attach_permissive(int cgroup, const char *name) {
  static const struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
                                         {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE};
  union bpf_attr attach = {0};
  load.insns = (uint64_t)(uintptr_t)code;
  load.insn_cnt = sizeof code / sizeof code[0];
  load.license = (uint64_t)(uintptr_t) "";
  memcpy(load.prog_name, name, strlen(name));
  int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  attach.target_fd = (uint32_t)cgroup;
  attach.attach_bpf_fd = (uint32_t)program;
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  long result = syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach);
  close(program);
  return result == 0;
}

static bool join(const char *cgroup) {
  char path[96];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool joined = fd >= 0 && write(fd, "0", 1) == 1;
  if (fd >= 0) close(fd);
  return joined;
}

/* The errno of making a node, and then of opening it. 0 when both work. */
static int try_device(mode_t type, unsigned int major, unsigned int minor) {
  char path[64];
  snprintf(path, sizeof path, "%s/node", nodes);
  unlink(path);
  if (mknod(path, type | 0600, makedev(major, minor)) < 0) return -1;
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int error = fd < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  unlink(path);
  return error;
}

/* Runs in the child cgroup. Returns the number of the first thing that is not as it should be. */
static int try_devices(void) {
  static const unsigned int allowed[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}};
  if (!join(child)) return 1;
  for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
    if (try_device(S_IFCHR, allowed[i][0], allowed[i][1]) != 0) return 2;
  /* Drivers refuse these here: ptmx wants a devpts beside it, the terminal does not exist. */
  if (try_device(S_IFCHR, 5, 2) == EPERM || try_device(S_IFCHR, 136, 4000) == EPERM) return 8;
  if (try_device(S_IFBLK, 254, 0) != EPERM) return 3;
  if (try_device(S_IFCHR, 1, 1) != EPERM) /* mem */
    return 4;
  if (try_device(S_IFCHR, 1, 11) != EPERM) /* kmsg */
    return 5;
  if (try_device(S_IFBLK, 1, 3) != EPERM) /* the numbers of null, but a block device */
    return 6;
  return try_device(S_IFCHR, 10, 229) == EPERM ? 0 : 7; /* fuse */
}

/* Runs in a cgroup with rules of its own. */
static int try_own_rules(void) {
  if (!join(child)) return 1;
  if (try_device(S_IFCHR, 1, 3) != 0) return 2;
  if (try_device(S_IFCHR, 10, 229) == EPERM) return 3; /* two rules together */
  if (try_device(S_IFCHR, 10, 237) == EPERM) return 4; /* by the major number */
  return try_device(S_IFCHR, 1, 1) == EPERM ? 0 : 5;
}

/* As many rules as there may be, the last ones for /dev/fuse in two halves and for all of its major number. */
static bool attach_own_rules(int cgroup) {
  static device_rule rules[DEVICE_RULES_MAX];
  static device_rule *list[DEVICE_RULES_MAX];
  for (size_t i = 0; i < DEVICE_RULES_MAX; i++) {
    berth__native__v1__device_rule__init(&rules[i]);
    rules[i].type = S_IFBLK;
    rules[i].major = 300 + (int32_t)i;
    rules[i].minor = (int32_t)i;
    rules[i].access = 1 + (uint32_t)i % 7;
    list[i] = &rules[i];
  }
  device_rule *last = &rules[DEVICE_RULES_MAX - 3];
  last[0].type = last[1].type = S_IFCHR;
  last[0].major = last[1].major = last[2].major = 10;
  last[0].minor = last[1].minor = 229;
  last[0].access = 2;
  last[1].access = 4;
  last[2].type = 0;
  last[2].minor = -1;
  last[2].access = 6;
  return succeeded(device_program_attach(cgroup, list, DEVICE_RULES_MAX, &failure));
}

static int run(int (*body)(void)) {
  pid_t process = fork();
  if (process == 0) _exit(body());
  int status = -1;
  waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Hybrid hosts have the unified tree beside the others. */
static const char *make_parent(void) {
  return access("/sys/fs/cgroup/unified", F_OK) == 0 ? mkdtemp(parent) : mkdtemp(parent_of_v2);
}

int main(void) {
  const char *cgroup = make_parent();
  if (!cgroup || !mkdtemp(nodes)) return 2;
  /* A file system of its own: /tmp may be mounted without devices. */
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
      mount("tmpfs", nodes, "tmpfs", 0, NULL) < 0)
    return 2;
  snprintf(child, sizeof child, "%s/child", cgroup);
  mkdir(child, 0755);
  int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(attach_permissive(fd, "berth_devices") && succeeded(device_program_attach(fd, NULL, 0, &failure)) && programs_of(fd) == 1,
        "an older program of ours is replaced");
  check(attach_permissive(fd, "other") && succeeded(device_program_attach(fd, NULL, 0, &failure)) && programs_of(fd) == 2,
        "a program of others stays");
  check(succeeded(device_program_attach(fd, NULL, 0, &failure)) && programs_of(fd) == 2, "a second time changes nothing");
  int wrong = run(try_devices);
  printf("# the first wrong thing: %d\n", wrong);
  check(wrong == 0, "below it the default devices work and others do not");
  char apart[96];
  snprintf(apart, sizeof apart, "%s-apart", cgroup);
  mkdir(apart, 0755);
  int own = open(apart, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(attach_own_rules(own), "rules of a container's own are loaded, as many as there may be");
  rmdir(child);
  snprintf(child, sizeof child, "%s", apart);
  wrong = run(try_own_rules);
  printf("# the first wrong thing: %d\n", wrong);
  check(wrong == 0, "and allow what they say besides the default devices");
  close(own);
  int directory = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(device_program_attach(directory, NULL, 0, &failure) == -1 && strcmp(failure.step, "device") == 0,
        "a directory that is no cgroup is told");
  close(directory);
  close(fd);
  rmdir(child);
  rmdir(cgroup);
  umount2(nodes, MNT_DETACH);
  rmdir(nodes);
  return done();
}
