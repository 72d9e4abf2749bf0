/* Scope-bound ownership: `cleanup_close int fd = ...` closes fd when it goes out of scope, `take_fd(&fd)` passes
 * ownership on. */
#ifndef BERTH_CLEANUP_H
#define BERTH_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void close_fd(int *fd) {
  if (*fd >= 0) {
    int saved = errno;
    (void)close(*fd);
    errno = saved;
    *fd = -1;
  }
}

static inline void close_directory(DIR **directory) {
  if (*directory) (void)closedir(*directory);
}

static inline void free_pointer(void *pointer) { free(*(void **)pointer); }

/* Takes the descriptor out of its owner's hands. */
static inline int take_fd(int *fd) {
  int taken = *fd;
  *fd = -1;
  return taken;
}

#define cleanup_close __attribute__((cleanup(close_fd)))
#define cleanup_closedir __attribute__((cleanup(close_directory)))
#define cleanup_free __attribute__((cleanup(free_pointer)))

#endif
