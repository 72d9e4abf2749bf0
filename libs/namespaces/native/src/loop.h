/* Files that stand for block devices. */
#ifndef BERTH_LOOP_H
#define BERTH_LOOP_H

#include <stdbool.h>

/* As long as "/dev/loop" and a number. */
#define LOOP_NAME_MAX 32

/*
 * Finds the loop device of a file, or makes one, which goes when nobody uses it any more: two of one file would not know of
 * each other's writing. Returns a descriptor that keeps it until it is mounted, and its path in `name`; -1 with errno.
 */
int loop_open(const char *file, bool readonly, char name[LOOP_NAME_MAX]);

#endif
