/* The times of directories, which are set when nothing is created in them any more. */
#ifndef BERTH_DIRECTORY_TIMES_H
#define BERTH_DIRECTORY_TIMES_H

#include "root.h"

struct directory_time {
  struct timespec mtime;
  dev_t device;
  ino_t inode;
  size_t length;
  char *path; /* not terminated */
};

struct directory_times {
  struct directory_time *items;
  size_t count;
  size_t capacity;
};

/* Notes what the open directory `fd` at `path` shall get. */
int directory_times_add(struct directory_times *times, const struct entry_path *path, int fd, struct timespec mtime,
                        struct layer_error *error);

/* Sets them all. A directory that was replaced meanwhile is left alone. */
int directory_times_apply(const struct directory_times *times, struct layer_root *root, struct layer_error *error);

void directory_times_destroy(struct directory_times *times);

#endif
