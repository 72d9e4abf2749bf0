/* The verdict on every call of every architecture, beside the verdict of the filter that libseccomp makes of the profile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compile.h"
#include "interpreter.h"
#include "tap.h"

enum { EPERM_VERDICT = SECCOMP_RET_ERRNO | EPERM, ENOSYS_VERDICT = SECCOMP_RET_ERRNO | ENOSYS };

static struct profile profile;
static struct sock_filter ours[PROGRAM_SIZE];
static struct sock_filter theirs[PROGRAM_SIZE];
static size_t our_size;
static size_t their_size;

static uint32_t verdict(uint32_t audit, uint32_t number, uint64_t argument) {
  struct seccomp_data data = {.nr = (int)number, .arch = audit, .args = {argument}};
  return interpret(ours, our_size, &data);
}

static uint32_t their_verdict(uint32_t audit, uint32_t number, uint64_t argument) {
  struct seccomp_data data = {.nr = (int)number, .arch = audit, .args = {argument}};
  return interpret(theirs, their_size, &data);
}

/* libseccomp has no masked !=. The values that the comparison tries fit into the mask, so a plain one does. */
static struct scmp_arg_cmp their_condition(const struct condition *condition) {
  if (!condition->equal) return SCMP_CMP64(condition->argument, SCMP_CMP_NE, condition->value);
  return SCMP_CMP64(condition->argument, SCMP_CMP_MASKED_EQ, condition->mask, condition->value);
}

static void add_their_rule(scmp_filter_ctx context, const struct rule *rule) {
  struct scmp_arg_cmp conditions[PROFILE_CONDITIONS];
  int call = seccomp_syscall_resolve_name(rule->name);
  uint32_t action = rule->action == SECCOMP_RET_ALLOW ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(rule->action & SECCOMP_RET_DATA);
  for (size_t i = 0; i < rule->condition_count; i++)
    conditions[i] = their_condition(&rule->conditions[i]);
  if (call != __NR_SCMP_ERROR)
    (void)seccomp_rule_add_array(context, action, call, (unsigned int)rule->condition_count, conditions);
}

static size_t compile_theirs(void) {
  int fd = memfd_create("filter", MFD_CLOEXEC);
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  seccomp_arch_add(context, SCMP_ARCH_X86);
  seccomp_arch_add(context, SCMP_ARCH_X32);
  for (size_t i = 0; i < profile.rule_count; i++)
    add_their_rule(context, &profile.rules[i]);
  seccomp_export_bpf(context, fd);
  seccomp_release(context);
  ssize_t size = pread(fd, theirs, sizeof theirs, 0);
  close(fd);
  return size > 0 ? (size_t)size / sizeof theirs[0] : 0;
}

/* Our filter says ENOSYS where libseccomp's says EPERM for calls newer than the profile. */
static bool agree(uint32_t audit, uint32_t number) {
  static const uint64_t arguments[] = {0, 1, 2, 8, 16, 38, 40, 41, 0x20000, 0x20008, 0xffffffff, 0x10000000, 0x1200011};
  for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
    uint32_t our = verdict(audit, number, arguments[i]);
    uint32_t their = their_verdict(audit, number, arguments[i]);
    if (our != their && !(our == ENOSYS_VERDICT && their == EPERM_VERDICT)) {
      printf("# call %#x of %#x (%#llx): ours %#x, libseccomp's %#x\n", number, audit, (unsigned long long)arguments[i], our,
             their);
      return false;
    }
  }
  return true;
}

/* libseccomp of Debian 12 does not know the recent ones, and takes no two conditions on one argument, as socket has. */
static bool comparable(uint32_t audit, uint32_t number) {
  uint32_t socket = audit == AUDIT_ARCH_I386 ? 359 : 41;
  return number != 335 && (number < 457 || number > 466) && number != socket;
}

static bool agree_everywhere(uint32_t audit, uint32_t bit, uint32_t end) {
  char name[40];
  const struct architecture *x32 = architecture_by_audit(ARCHITECTURE_X32);
  bool agreed = true;
  for (uint32_t number = 0; number < end; number++) {
    /* Numbers that x32 does not have are not in the kernel's table: what the filter says does not matter. */
    if (bit && !architecture_call_name(x32, number, name)) continue;
    if (comparable(audit, number) && !agree(audit, number | bit)) agreed = false;
  }
  return agreed;
}

static bool read_profile(const char *path) {
  static char text[1 << 16];
  struct profile_error error;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
  if (fd >= 0) close(fd);
  return size > 0 && profile_parse(text, (size_t)size, &profile, &error) == 0;
}

static void check_x86_64(void) {
  check(verdict(AUDIT_ARCH_X86_64, 0, 0) == SECCOMP_RET_ALLOW, "x86_64 may read");
  check(verdict(AUDIT_ARCH_X86_64, 165, 0) == EPERM_VERDICT, "x86_64 may not mount");
  check(verdict(AUDIT_ARCH_X86_64, 435, 0) == ENOSYS_VERDICT, "clone3 is as if it did not exist");
  check(verdict(AUDIT_ARCH_X86_64, 425, 0) == EPERM_VERDICT, "x86_64 may not io_uring_setup");
  check(verdict(AUDIT_ARCH_X86_64, 466, 0) == SECCOMP_RET_ALLOW, "x86_64 may removexattrat");
  check(verdict(AUDIT_ARCH_X86_64, 467, 0) == ENOSYS_VERDICT, "a call newer than the profile is as if it did not exist");
  check(verdict(AUDIT_ARCH_X86_64, 999, 0) == ENOSYS_VERDICT, "a call that nobody has made yet is as if it did not exist");
  check(verdict(AUDIT_ARCH_X86_64, UINT32_MAX, 0) == ENOSYS_VERDICT, "call -1 does not exist");
  check(verdict(AUDIT_ARCH_X86_64, 41, 2) == SECCOMP_RET_ALLOW, "AF_INET is allowed");
  check(verdict(AUDIT_ARCH_X86_64, 41, 38) == EPERM_VERDICT, "AF_ALG is not");
  check(verdict(AUDIT_ARCH_X86_64, 41, 0x100000026) == EPERM_VERDICT, "AF_ALG with a high bit set is not either");
  check(verdict(AUDIT_ARCH_X86_64, 41, 0xdeadbeef00000028) == EPERM_VERDICT, "nor is AF_VSOCK with high bits set");
  check(verdict(AUDIT_ARCH_X86_64, 56, 0x1200011) == SECCOMP_RET_ALLOW, "fork by clone is allowed");
  check(verdict(AUDIT_ARCH_X86_64, 56, 0x10000011) == EPERM_VERDICT, "clone with CLONE_NEWUSER is not");
}

int main(int argc, char **argv) {
  if (argc != 2 || !read_profile(argv[1])) return 2;
  const struct architecture *aarch64 = architecture_by_audit(AUDIT_ARCH_AARCH64);
  our_size = compile(&profile, architecture_by_audit(AUDIT_ARCH_X86_64), ours);
  their_size = compile_theirs();
  printf("# %zu instructions, libseccomp's filter has %zu\n", our_size, their_size);
  check(our_size > 0 && their_size > 0, "both filters are made");
  check_x86_64();
  check(verdict(AUDIT_ARCH_I386, 3, 0) == SECCOMP_RET_ALLOW, "x86 may read");
  check(verdict(AUDIT_ARCH_I386, 359, 38) == EPERM_VERDICT, "x86 may not open AF_ALG directly");
  check(verdict(AUDIT_ARCH_X86_64, X32_BIT, 0) == SECCOMP_RET_ALLOW, "x32 may read");
  check(verdict(AUDIT_ARCH_X86_64, X32_BIT | 165, 0) == EPERM_VERDICT, "x32 may not mount");
  check(verdict(AUDIT_ARCH_X86_64, X32_BIT | 548, 0) == ENOSYS_VERDICT, "x32 has no call 548");
  check(verdict(AUDIT_ARCH_AARCH64, 63, 0) == SECCOMP_RET_KILL_PROCESS, "another architecture is killed");
  check(agree_everywhere(AUDIT_ARCH_X86_64, 0, 512), "libseccomp agrees on x86_64");
  check(agree_everywhere(AUDIT_ARCH_I386, 0, 1024), "libseccomp agrees on x86");
  check(agree_everywhere(AUDIT_ARCH_X86_64, X32_BIT, 1024), "libseccomp agrees on x32");
  our_size = compile(&profile, aarch64, ours);
  check(verdict(AUDIT_ARCH_AARCH64, 63, 0) == SECCOMP_RET_ALLOW, "aarch64 may read");
  check(verdict(AUDIT_ARCH_AARCH64, 40, 0) == EPERM_VERDICT, "aarch64 may not mount");
  check(verdict(AUDIT_ARCH_ARM, 0xf0005, 0) == SECCOMP_RET_ALLOW, "arm may set_tls");
  check(verdict(AUDIT_ARCH_ARM, 0xf0006, 0) == ENOSYS_VERDICT, "arm has no private call 6");
  return done();
}
