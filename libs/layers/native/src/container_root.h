/*
 * The file system of a container, as one of its processes sees it. It belongs to a program that may attack whoever comes: so this process
 * moves into the container's mount namespace, where nothing else can be reached whatever a path or a link says; loads and executes
 * nothing there; and looks at it through a private copy of the container's mounts, in which no device can be opened.
 */
#ifndef BERTH_CONTAINER_ROOT_H
#define BERTH_CONTAINER_ROOT_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

struct container_process {
  pid_t pid;
  unsigned long long start_ticks; /* of /proc/PID/stat; 0: whoever asks keeps the process alive */
};

/* What of the mounts is in the copy. */
enum container_view {
  CONTAINER_ROOT_ONLY, /* the root file system without what is mounted on it; nothing can be written */
  CONTAINER_READ,      /* all, nothing can be written */
  CONTAINER_WRITE,     /* all */
};

/* Returns an owned fd of the root directory; the process then has few rights left. Open all that is of the host before. */
int container_root_open(const struct container_process *process, enum container_view view, struct layer_error *error);

#endif
