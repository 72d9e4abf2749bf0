/*
 * The resident spawner: listens on a unix socket and keeps a few forks of itself ready in accept(2), so that no start
 * waits for a fork. Which of them takes a connection serves it and, for a start, becomes the keeper. The spawner itself
 * reads nothing from anybody.
 */
#ifndef BERTH_SPAWNER_H
#define BERTH_SPAWNER_H

#include "host.h"

struct spawner_options {
  const char *socket_path;
  const char *cgroup_dir; /* NULL for none */
};

/* Returns the program's exit status, after SIGTERM or SIGINT or when it cannot start. */
int spawner_run(const struct spawner_options *options, struct host *host);

#endif
