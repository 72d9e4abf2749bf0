# What a keeper may call once its process runs: streams and clients, the log, the record, the end of the process, the control group. It
# makes no process, socket, mount or executable page, and traces nobody. The form of this file is told in profile.h. A call that is missing
# fails and is dealt with as any failure: a keeper that was killed instead would lose an exit code.

default errno EPERM
unknown errno ENOSYS

# The loop
allow clock_gettime clock_gettime64 epoll_create1 epoll_ctl epoll_pwait epoll_wait poll ppoll restart_syscall
allow exit exit_group rt_sigprocmask rt_sigreturn

# Its process, by pidfd
allow pidfd_send_signal waitid

# Streams, clients and the terminal's size (TIOCSWINSZ)
allow accept4 close fcntl getegid geteuid getgid getpid getsockopt getuid read recvmsg sendmsg shutdown write writev
allow ioctl if arg1 & 0xffffffff == 0x5414

# The log, the record, the run-time directory and the control group
allow fstat ftruncate getdents64 lseek newfstatat openat renameat rmdir unlinkat

# Memory, none of it executable (PROT_EXEC)
allow brk madvise mremap munmap
allow mmap if arg2 & 0x4 == 0x0
