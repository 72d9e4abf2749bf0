/* Cleanup attributes: a variable owns what it holds and gives it back when it leaves its scope. */
#ifndef BERTH_CLEANUP_H
#define BERTH_CLEANUP_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
}

static inline void cleanup_free_pointer(void *pointer) {
  free(*(void **)pointer);
}

static inline void cleanup_close_dir(DIR **dir) {
  if (*dir) closedir(*dir);
}

#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_dir __attribute__((cleanup(cleanup_close_dir)))

/* Gives the fd's ownership to the caller. */
static inline int take_fd(int *fd) {
  int taken = *fd;

  *fd = -1;
  return taken;
}

#endif
