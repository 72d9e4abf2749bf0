#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "memory.h"
#include "sync.h"
#include "syscalls.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int make_pipe(int *reader, int *writer, struct failure *failure) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return fail(failure, "stdio", errno, "make a pipe");
  *reader = ends[0];
  *writer = ends[1];
  return 0;
}

/* Root of a user namespace has no rights over pipes of the host's. */
static int give_streams(const struct child *child, const struct launch *how, struct failure *failure) {
  for (int i = how->open_stdin ? 0 : 1; i < 3; i++) {
    if (fchown(child->stdio[i], how->stream_owner, (gid_t)-1) < 0)
      return fail(failure, "stdio", errno, "give the stream %d to %u", i, how->stream_owner);
  }
  return 0;
}

static int make_streams(struct keeper *keeper, struct child *child, const struct launch *how, struct failure *failure) {
  if (how->terminal) return 0;
  if (how->open_stdin) {
    if (make_pipe(&child->stdio[0], &keeper->input, failure) < 0) return -1;
  } else {
    child->stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (child->stdio[0] < 0) return fail(failure, "stdio", errno, "open /dev/null");
  }
  if (make_pipe(&keeper->output, &child->stdio[1], failure) < 0) return -1;
  if (make_pipe(&keeper->error, &child->stdio[2], failure) < 0) return -1;
  return how->stream_owner == (uid_t)-1 ? 0 : give_streams(child, how, failure);
}

static void close_streams(struct child *child) {
  for (int i = 0; i < 3; i++) close_fd(&child->stdio[i]);
}

/* `sync` is the keeper's end: with a copy of it here, the keeper's death would not end the conversation. */
_Noreturn static void run_child(struct child *child, int sync, struct keeper *keeper, const struct launch *how) {
  (void)close(sync);
  if (how->spare != NULL) spare_network_discard(how->spare);
  keeper_leave(keeper);
  struct sync_message message = {.kind = SYNC_FAILURE};
  timings_start(&child->timings);
  memory_map_program();
  (void)how->child(child, keeper, how->plan, &message.failure);
  (void)sync_send(child->sync, &message, -1);
  _exit(127);
}

static void kill_child(struct keeper *keeper) {
  (void)pidfd_send_signal(keeper->pidfd, SIGKILL, NULL, 0);
  (void)waitid((idtype_t)P_PIDFD, (id_t)keeper->pidfd, &(siginfo_t){0}, WEXITED);
}

static pid_t clone_child(struct keeper *keeper, const struct launch *how) {
  struct clone_args arguments = {.flags = how->clone_flags | (uint64_t)CLONE_PIDFD,
                                 .pidfd = (uint64_t)(uintptr_t)&keeper->pidfd,
                                 .exit_signal = SIGCHLD};
  if (keeper->cgroup.unified >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (unsigned)keeper->cgroup.unified;
  }
  if (how->spare != NULL && spare_network_enter(how->spare) < 0) return -1;
  pid_t pid = sys_clone3(&arguments);
  if (pid == 0 || how->spare == NULL || spare_network_leave(how->spare) == 0) return pid;
  int error = errno;
  if (pid > 0) kill_child(keeper);
  errno = error;
  return -1;
}

/* A terminal's two directions are watched apart, so the master is held twice. */
static int take_terminal(struct keeper *keeper, int *master, struct failure *failure) {
  if (*master < 0) return fail(failure, "terminal", EPROTO, "the child sent no terminal");
  keeper->slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  keeper->input = fcntl(*master, F_DUPFD_CLOEXEC, 3);
  if (keeper->input < 0) return fail(failure, "terminal", errno, "hold the terminal");
  keeper->output = take_fd(master);
  return 0;
}

/*
 * A child that executes its program closes its end of the conversation, and so does one that dies on the way, as when
 * its seccomp filter refuses what the way takes, a word about it included. A dying process has given up its memory
 * before its descriptors, so that asking for that memory tells, for a microsecond, nearly all starts from the others.
 */
static bool has_died_before_exec(const struct keeper *keeper) {
  return sys_process_mrelease(keeper->pidfd) < 0 && errno == ESRCH && process_never_executed(keeper->pid);
}

static int end_conversation(const struct keeper *keeper, bool ready, struct failure *failure) {
  if (!ready) return fail(failure, "exec", 0, "the process died while it was set up");
  if (!has_died_before_exec(keeper)) return 0;
  return fail(failure, "exec", 0,
              "the process died before it could run its command, as with a seccomp profile that is too narrow");
}

static int read_conversation(struct keeper *keeper, int sync, struct timings *timings, struct failure *failure) {
  bool ready = false;
  for (;;) {
    struct sync_message message;
    cleanup_close int fd = -1;
    int got = sync_receive(sync, &message, &fd);
    /* What a child that failed has not read is an error here once; what it said comes after. */
    if (got < 0 && errno == ECONNRESET) continue;
    if (got < 0) return fail(failure, "exec", errno, "listen to the child");
    if (got == 0 && ready) timings_lap(timings, "exec");
    if (got == 0) return end_conversation(keeper, ready, failure);
    if (message.kind == SYNC_FAILURE) {
      *failure = message.failure;
      return -1;
    }
    if (message.kind == SYNC_TERMINAL && take_terminal(keeper, &fd, failure) < 0) return -1;
    if (message.kind == SYNC_READY) {
      timings_lap(timings, "child");
      timings_append(timings, &message.timings);
      ready = true;
    }
  }
}

/* A child that failed early is not there any more when it is to be accompanied: what it said is the cause. */
static void prefer_failure_of_child(int sync, struct failure *failure) {
  struct pollfd ready = {.fd = sync, .events = POLLIN};
  while (poll(&ready, 1, 0) > 0) {
    struct sync_message message;
    cleanup_close int fd = -1;
    int got = sync_receive(sync, &message, &fd);
    if (got < 0 && errno == ECONNRESET) continue;
    if (got > 0 && message.kind == SYNC_FAILURE) *failure = message.failure;
    if (got <= 0 || message.kind == SYNC_FAILURE) return;
  }
}

static int accompany(struct keeper *keeper, const struct launch *how, int sync, struct timings *timings,
                     struct failure *failure) {
  if (how->meanwhile != NULL && how->meanwhile(keeper, sync, how->plan, failure) < 0) {
    prefer_failure_of_child(sync, failure);
    return -1;
  }
  timings_lap(timings, "meanwhile");
  if (keeper_record_running(keeper, failure) < 0) return -1;
  timings_lap(timings, "record");
  /* A child that failed has closed its end; why is in the conversation. */
  if (sync_go(sync) < 0 && errno != EPIPE) return fail(failure, "exec", errno, "let the child go on");
  return read_conversation(keeper, sync, timings, failure);
}

int launch(struct keeper *keeper, const struct launch *how, struct timings *timings, struct failure *failure) {
  int pair[2];
  struct child child = {.sync = -1, .stdio = {-1, -1, -1}, .working_directory = -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    return fail(failure, "clone", errno, "make a socket pair");
  cleanup_close int sync = pair[0];
  cleanup_close int child_sync = pair[1];
  child.sync = child_sync;
  if (make_streams(keeper, &child, how, failure) < 0) {
    close_streams(&child);
    return -1;
  }
  timings_lap(timings, "streams");
  keeper->pid = clone_child(keeper, how);
  if (keeper->pid == 0) run_child(&child, sync, keeper, how);
  int error = errno;
  close_streams(&child);
  close_fd(&child_sync);
  if (keeper->pid < 0)
    return fail(failure, "clone", error, "clone with the flags 0x%llx", (unsigned long long)how->clone_flags);
  timings_lap(timings, "clone");
  if (accompany(keeper, how, sync, timings, failure) == 0) return 0;
  kill_child(keeper);
  return -1;
}
