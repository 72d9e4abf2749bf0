/*
 * A keeper: the parent of one process that was started, a container's first or an exec. It holds the process's streams,
 * writes the log, serves attached clients, and records the exit. It is a fork of the spawner and outlives it and every
 * other part of the engine.
 */
#ifndef BERTH_KEEPER_H
#define BERTH_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "cgroup.h"
#include "failure.h"
#include "host.h"
#include "log.h"
#include "publication.h"
#include "record.h"

struct keeper {
  int state_dir;
  int lock;
  int control; /* the listening control.sock */
  struct record record;
  struct cgroup cgroup;
  struct log log;
  pid_t pid;
  int pidfd;
  /*
   * The process's mount namespace. The last one to leave a namespace takes its mounts apart before its death is told,
   * which would cost every exit a millisecond: so that is the keeper, afterwards. -1 for an exec.
   */
  int mounts;
  int input;  /* the process's stdin, or a copy of its terminal; -1 without one */
  int output; /* its stdout, or its terminal */
  int error;  /* its stderr; -1 with a terminal */
  int slave;  /* the terminal's other end, held so that the terminal lives while a process reopens it; -1 without one */
  bool is_exec;
  uint64_t oom_kills; /* those that were before the process began */
  bool owns_pids; /* the container's pid namespace ends with its first process */
  struct publication publication;
  bool has_interface; /* network_attach has made the plan's interface */
  bool terminal;
  bool stdin_once;
  bool detached; /* the starting connection gets no output */
};

#define KEEPER_NONE                       \
  ((struct keeper){.state_dir = -1,       \
                   .lock = -1,            \
                   .control = -1,         \
                   .cgroup = CGROUP_NONE, \
                   .log = LOG_NONE,       \
                   .publication = PUBLICATION_NONE, \
                   .pidfd = -1,           \
                   .mounts = -1,          \
                   .input = -1,           \
                   .output = -1,          \
                   .error = -1,           \
                   .slave = -1})

/* Opens the state directory, takes its lock, writes the first record and listens on control.sock. Returns 0, or -1 with
 * the failure. */
int keeper_open(struct keeper *keeper, const char *state_dir, const struct host *host, struct failure *failure);

/* Undoes keeper_open and whatever a failed start has made: the start leaves nothing behind. */
void keeper_discard(struct keeper *keeper);

/* In the keeper's child: closes what is the keeper's alone, above all its lock and the host's directories. */
void keeper_leave(struct keeper *keeper);

/* Records that the process runs. Returns 0, or -1 with the failure. */
int keeper_record_running(struct keeper *keeper, struct failure *failure);

#endif
