/* What a spawner knows and every process that it forks inherits. */
#ifndef BERTH_HOST_H
#define BERTH_HOST_H

#include <sys/types.h>

#include "record.h"
#include "spare_network.h"

struct host {
  char boot_id[BOOT_ID_SIZE];
  pid_t spawner_pid;
  struct spare_network spare; /* of a fork that waited for its request */
};

#endif
