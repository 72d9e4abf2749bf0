/* Whole reads and writes on descriptors. */
#ifndef BERTH_IO_H
#define BERTH_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads until `size` bytes, the end or an error. Returns how many, or -1. */
ssize_t read_full(int fd, void *data, size_t size);

/* Writes everything. Returns 0, or -1 with errno. For blocking descriptors. */
int write_full(int fd, const void *data, size_t size);

/* Reads a small file whole into `text` and ends it with NUL. Returns its length, or -1 with errno (E2BIG when it does
 * not fit). */
ssize_t read_text_at(int directory, const char *path, char *text, size_t size);

/* Writes `value` with one write, as the files of cgroup and /proc/sys want it. Returns 0, or -1 with errno. */
int write_text_at(int directory, const char *path, const char *value);

/* Sets or clears O_NONBLOCK. Returns 0, or -1 with errno. */
int set_nonblocking(int fd, bool nonblocking);

#endif
