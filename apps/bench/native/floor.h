/* What the floor program runs in each container. */
#ifndef BERTH_FLOOR_H
#define BERTH_FLOOR_H

#include <linux/filter.h>
#include <stddef.h>

#include "failure.h"

enum { FLOOR_LAYERS = 64, FLOOR_FILES = 3 };

struct floor_plan {
  const char *layers[FLOOR_LAYERS]; /* uppermost first */
  size_t layer_count;
  const char *scratch;       /* a directory for the writable layers */
  const char *cgroup;        /* below which each container gets its own; NULL for none */
  const char *bridge;        /* NULL: a network namespace with nothing but a loopback */
  struct sock_fprog seccomp; /* len 0 for none */
  char **arguments;
};

/* Where one container's files are. */
struct floor_paths {
  char root[256]; /* where the overlay is mounted, in the container's own mount namespace */
  char upper[256];
  char work[256];
  char files[FLOOR_FILES][256]; /* resolv.conf, hostname, hosts */
};

/* Runs in the new namespaces: sets the container up, waits for a byte on `ready`, and executes. Returns only on a failure. */
int floor_init(const struct floor_plan *plan, const struct floor_paths *paths, int ready, struct failure *failure);

#endif
