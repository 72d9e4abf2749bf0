#include "sandbox.h"

#include "syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#else
#error "this architecture has no system call filter yet"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)

/* No code comes into the process any more, whatever asks for it: a library that a container has prepared least of all. */
#define ALLOW_WITHOUT_EXECUTION(name)                                                                                    \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[2]), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), \
      RETURN(SECCOMP_RET_ERRNO | EACCES), RETURN(SECCOMP_RET_ALLOW)

/* Reading what there is, writing the layer, memory and threads that run already: no network, no new program, no mount, no new thread.
 */
static const struct sock_filter program[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    /* The hot ones first. */
    ALLOW(pwrite64),
    ALLOW(openat),
    ALLOW(close),
    ALLOW(futex),
    ALLOW(utimensat),
    ALLOW(read),
    ALLOW(pread64),
    ALLOW(fgetxattr),
    ALLOW(flistxattr),
    ALLOW(readlinkat),
    ALLOW(fchown),
    ALLOW(fchmod),
    ALLOW(mkdirat),
    ALLOW(symlinkat),
    ALLOW(linkat),
    ALLOW(fchownat),
    ALLOW(openat2),
    ALLOW(newfstatat),
    ALLOW(fstat),
    ALLOW(fstatfs),
    ALLOW(fsetxattr),
    ALLOW(ftruncate),
    ALLOW(unlinkat),
    ALLOW(mknodat),
    ALLOW(getdents64),
    ALLOW(write),
    ALLOW(fchdir),
    ALLOW(getcwd),
    ALLOW(fcntl),
    ALLOW(ppoll),
    ALLOW(lseek),
    ALLOW_WITHOUT_EXECUTION(mmap),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW_WITHOUT_EXECUTION(mprotect),
    ALLOW(madvise),
    ALLOW(brk),
    ALLOW(clock_gettime),
    ALLOW(rt_sigprocmask),
    ALLOW(rt_sigaction),
    ALLOW(rt_sigreturn),
    ALLOW(sigaltstack),
    ALLOW(sched_yield),
    ALLOW(getpid),
    ALLOW(gettid),
    ALLOW(getrandom),
    ALLOW(tgkill),
    ALLOW(restart_syscall),
    ALLOW(capset),
    ALLOW(set_robust_list),
    ALLOW(rseq),
    ALLOW(exit),
    ALLOW(exit_group),
    /* Of limits the own ones only. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 3),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
    RETURN(SECCOMP_RET_ERRNO | ENOSYS),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 2, 0),
    RETURN(SECCOMP_RET_ERRNO | ENOSYS),
    RETURN(SECCOMP_RET_ALLOW),
    LOAD(args[1]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FICLONE, 0, 1),
    RETURN(SECCOMP_RET_ALLOW),
    RETURN(SECCOMP_RET_ERRNO | ENOSYS),
};

int sandbox_filter(struct layer_error *error) {
  const struct sock_fprog filter = {
      .len = sizeof(program) / sizeof(program[0]), .filter = (struct sock_filter *)(void *)program, /* the kernel only reads it */
  };

#ifdef __SANITIZE_ADDRESS__
  /* The sanitizers need more, and their report is worth more than the filter. */
  (void)filter;
  (void)error;
  return 0;
#else
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
    return fail_errno(error, "sandbox", "cannot filter system calls");
  return 0;
#endif
}
