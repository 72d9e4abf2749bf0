/* What the kernel must have: the system calls of Linux 5.15 that have no safe substitute. */
#ifndef BERTH_KERNEL_H
#define BERTH_KERNEL_H

/* Returns 0, or -1 after it has said which call is missing. */
int kernel_check(void);

#endif
