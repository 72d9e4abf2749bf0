/* File systems of volumes, which the keeper mounts before there is the container: its control group may open no block device. */
#ifndef BERTH_VOLUMES_H
#define BERTH_VOLUMES_H

#include "failure.h"
#include "host.h"
#include "plan.h"

/* A descriptor for each mount of a plan, -1 for those that are no volume. */
struct volumes {
  size_t count;
  int fds[PLAN_LIST_MAX];
};

/* Makes them as detached mounts. Returns 0, or -1 with a failure of step "mount". */
int volumes_open(struct volumes *volumes, mount_plan *const *mounts, size_t count, const struct host *host,
                 struct failure *failure);

void volumes_close(struct volumes *volumes);

#endif
