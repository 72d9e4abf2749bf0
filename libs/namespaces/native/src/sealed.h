/* The program runs from a sealed copy of itself in memory, so that nothing which gets hold of its /proc/<pid>/exe can
 * change it (CVE-2019-5736). */
#ifndef BERTH_SEALED_H
#define BERTH_SEALED_H

/* Returns 0 in the sealed copy; executes it otherwise, and returns -1 with errno only when that fails. */
int sealed_ensure(char *const *arguments, char *const *environment);

#endif
