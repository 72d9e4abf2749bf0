/* What a spawner knows and every process that it forks inherits. */
#ifndef BERTH_HOST_H
#define BERTH_HOST_H

#include <sys/types.h>

#include "loopback_resolver.h"
#include "record.h"
#include "spare_network.h"

struct host {
  char boot_id[BOOT_ID_SIZE];
  pid_t spawner_pid;
  const char *cgroup_dir; /* the engine's, NULL without one */
  struct loopback_resolver resolver;
  struct spare_network spare; /* of a fork that waited for its request */
};

#endif
