# The default seccomp profile: what containers of Docker 28 may call with Docker's fourteen default capabilities. The form of this
# file is told in profile.h. Calls that only CAP_SYS_ADMIN and its like open are not named and get EPERM.

default errno EPERM
unknown errno ENOSYS

# Files, directories and attributes
allow access chdir chmod chown chown32 chroot close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
allow fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr
allow flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents
allow getdents64 getxattr getxattrat ioctl lchown lchown32 lgetxattr link linkat listxattr listxattrat llistxattr _llseek
allow lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2
allow pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr removexattrat
allow rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64 statfs statfs64 statx symlink
allow symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes
allow vmsplice write writev

# What is mounted, to look at only
allow listmount statmount

# Waiting for files
allow epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
allow fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents
allow io_pgetevents_time64 io_setup io_submit _newselect poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4

# Memory
allow brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect
allow mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages

# Processes and threads
allow capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake getcpu
allow getpgid getpgrp getpid getppid getpriority get_robust_list getrusage getsid get_thread_area gettid ioprio_get ioprio_set pause
allow pidfd_open prctl prlimit64 process_mrelease process_vm_readv process_vm_writev ptrace restart_syscall rseq sched_getaffinity
allow sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
allow sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield set_robust_list
allow set_thread_area set_tid_address setpgid setpriority setsid uretprobe vfork wait4 waitid waitpid

# Limits and the system
allow getrandom getrlimit setrlimit sysinfo ugetrlimit uname

# Identity
allow getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32 getuid
allow getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32
allow setresuid setresuid32 setreuid setreuid32 setuid setuid32

# Confinement of itself
allow landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp

# Signals
allow kill pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
allow rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn tgkill tkill

# Time. Setting the clock is a matter of CAP_SYS_TIME; adjtimex and clock_adjtime only read without it.
allow adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
allow clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timerfd_create timerfd_gettime
allow timerfd_gettime64 timerfd_settime timerfd_settime64 timer_getoverrun timer_gettime timer_gettime64 timer_settime
allow timer_settime64 times

# Communication
allow accept accept4 bind connect getpeername getsockname getsockopt ipc listen mq_getsetattr mq_notify mq_open mq_timedreceive
allow mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd recv recvfrom recvmmsg
allow recvmmsg_time64 recvmsg semctl semget semop semtimedop semtimedop_time64 send sendmmsg sendmsg sendto setsockopt shmat shmctl
allow shmdt shmget shutdown socketpair

# Every family but AF_ALG (38: the kernel's crypto, CVE-2026-31431) and AF_VSOCK (40: it has no namespaces and reaches the hypervisor).
# 32-bit x86 programs have socketcall(2), whose arguments no filter can see; without it they have no network.
allow socket if arg0 & 0xffffffff != 38 and arg0 & 0xffffffff != 40
allow socketcall

# Personalities: Linux, 32-bit Linux, each also with the old uname, and the question which one it is.
allow personality if arg0 & 0xffffffff == 0x0
allow personality if arg0 & 0xffffffff == 0x8
allow personality if arg0 & 0xffffffff == 0x20000
allow personality if arg0 & 0xffffffff == 0x20008
allow personality if arg0 & 0xffffffff == 0xffffffff

# New processes, but no new namespaces (CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET). clone3 has its flags behind
# a pointer; ENOSYS makes libc fall back to clone.
allow clone if arg0 & 0x7e020000 == 0
errno ENOSYS clone3

# Of one architecture only
allow arch_prctl arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush modify_ldt set_tls
