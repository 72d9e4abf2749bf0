/*
 * The times of directories, which are set when nothing is created in them any more. A layer may have millions: each is noted as what differs
 * from the one before, some 20 bytes, and there is a limit.
 */
#ifndef BERTH_DIRECTORY_TIMES_H
#define BERTH_DIRECTORY_TIMES_H

#include "root.h"

#define DIRECTORY_TIMES_MAX_BYTES (32UL * 1024 * 1024)

struct directory_time {
  struct timespec mtime;
  dev_t device;
  ino_t inode;
  struct entry_path path;
};

/* All zero: none. */
struct directory_times {
  struct directory_time last;
  unsigned char *bytes; /* each as what differs from the one before, the first from one that is all zero */
  size_t length;
  size_t capacity;
};

/* Notes what the open directory `fd` at `path` shall get. FAILURE_LIMIT when there are too many. */
int directory_times_add(struct directory_times *times, const struct entry_path *path, int fd, struct timespec mtime,
                        struct layer_error *error);

/* Sets them all, of what was noted twice the later. A directory that was replaced meanwhile is left alone. */
int directory_times_apply(const struct directory_times *times, struct layer_root *root, struct layer_error *error);

void directory_times_destroy(struct directory_times *times);

#endif
