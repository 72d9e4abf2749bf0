/* System calls that glibc 2.36 has no wrapper for, and the numbers of newer ones. All set errno and return -1 on
 * failure. */
#ifndef BERTH_SYSCALLS_H
#define BERTH_SYSCALLS_H

#include <errno.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* A `..` is refused with EAGAIN when anything is mounted or renamed meanwhile, anywhere on the host: openat2(2). */
#define OPENAT2_ATTEMPTS 1000

static inline int sys_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags, .resolve = resolve};
  int fd = -1;
  for (int attempt = 0; attempt < OPENAT2_ATTEMPTS; attempt++) {
    fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

static inline pid_t sys_clone3(struct clone_args *arguments) {
  return (pid_t)syscall(SYS_clone3, arguments, sizeof *arguments);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

/* Gives back the memory of a process that is ending. EINVAL for one that is not; ESRCH for one that has none any more. */
static inline int sys_process_mrelease(int pidfd) {
  return (int)syscall(SYS_process_mrelease, pidfd, 0);
}

/* glibc's getcwd hides the kernel's "(unreachable)" prefix, which tells that the directory lies outside the root. */
static inline long sys_getcwd(char *buffer, size_t size) { return syscall(SYS_getcwd, buffer, size); }

#endif
