/* The cpuset hierarchy of cgroup v1, where a new directory has no processor and no memory, and takes no process. */
#ifndef BERTH_CPUSET_H
#define BERTH_CPUSET_H

/* Gives a directory, and those above it, what the one above has where they have nothing. Any other hierarchy's is left as
 * it is. Returns 0, or -1 with errno. */
int cpuset_inherit(int directory);

#endif
