/* Raw system calls that glibc 2.36 has no wrapper for. */
#ifndef BERTH_SYSCALLS_H
#define BERTH_SYSCALLS_H

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A `..` is refused with EAGAIN when anything is mounted or renamed meanwhile, anywhere on the host: openat2(2). */
#define OPENAT2_ATTEMPTS 1000

static inline int sys_openat2(int dirfd, const char *path, const struct open_how *how) {
  int fd = -1;

  for (int attempt = 0; attempt < OPENAT2_ATTEMPTS; attempt++) {
    fd = (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

static inline int sys_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

/* The length of the current directory's path with its NUL, or -1. The system call, because glibc falls back to walking up. */
static inline long sys_getcwd(char *buffer, size_t size) {
  return syscall(SYS_getcwd, buffer, size);
}

/* quotactl(2) by a descriptor of the file system instead of the path of its device. */
static inline int sys_quotactl_fd(int fd, int command, unsigned id, void *data) {
  return (int)syscall(SYS_quotactl_fd, fd, command, id, data);
}

#endif
