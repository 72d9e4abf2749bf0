/* A file that another process is still writing: waits for what is missing. */
#ifndef BERTH_GROWTH_H
#define BERTH_GROWTH_H

#include "error.h"

#include <stdint.h>

struct growth {
  uint64_t size; /* how large the file will be; 0: it is whole; UINT64_MAX: it is when its owner may not write to it any more */
  int watch;     /* an inotify fd */
};

/* Begins to watch the open file `fd`. What happened before is for growth_wait to see. */
int growth_watch(struct growth *growth, int fd, uint64_t size, struct layer_error *error);

/*
 * Returns 1 when the file is larger than `have`, 0 when it is whole; fails when it will be neither: its writer has closed or cut it, or it has no
 * name any more.
 */
int growth_wait(const struct growth *growth, int fd, uint64_t have, struct layer_error *error);

#endif
