/* Raw system calls that glibc 2.36 has no wrapper for. */
#ifndef BERTH_SYSCALLS_H
#define BERTH_SYSCALLS_H

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int sys_openat2(int dirfd, const char *path, const struct open_how *how) {
  return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

/* The length of the current directory's path with its NUL, or -1. The system call, because glibc falls back to walking up. */
static inline long sys_getcwd(char *buffer, size_t size) {
  return syscall(SYS_getcwd, buffer, size);
}

#endif
