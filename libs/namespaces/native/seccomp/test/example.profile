# A profile with a rule of each kind, for verdicts.c.

default errno EPERM
unknown errno ENOSYS

allow brk close dup3 epoll_wait execve exit_group fork futex getpid ioctl mmap mmap2 openat poll read removexattrat set_tls write
allow socket if arg0 & 0xffffffff != 38 and arg0 & 0xffffffff != 40
allow personality if arg0 & 0xffffffff == 0x0
allow personality if arg0 & 0xffffffff == 0x20008
allow clone if arg0 & 0x7e020000 == 0
errno ENOSYS clone3
