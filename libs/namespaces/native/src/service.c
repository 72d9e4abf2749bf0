#include "service.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"
#include "syscalls.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define NANOS_PER_MILLI 1000000ULL
#define EVENTS_MAX 16

static struct service the_service;

void service_watch(const struct service *service, int fd, enum source source, uint32_t index, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | index};
  if (epoll_ctl(service->epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT) {
    (void)epoll_ctl(service->epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

void service_unwatch(const struct service *service, int fd) {
  (void)epoll_ctl(service->epoll, EPOLL_CTL_DEL, fd, NULL);
}

void service_watch_client(const struct service *service, const struct client *client) {
  uint32_t events =
      (client->outbox.size > 0 ? (uint32_t)EPOLLOUT : 0) | (client->held_size == 0 ? (uint32_t)EPOLLIN : 0);
  service_watch(service, client->fd, SOURCE_CLIENT, (uint32_t)(client - service->clients), events);
}

/* A container is when any of its processes was; an exec only when it may have been itself, since it began. */
static bool was_oom_killed(struct keeper *keeper) {
  if (keeper->is_exec && keeper->record.signal != SIGKILL) return false;
  if (!keeper->is_exec) cgroup_open_noted(&keeper->cgroup, keeper->state_dir);
  return cgroup_oom_kills(&keeper->cgroup) > keeper->oom_kills;
}

static void note_exit(struct keeper *keeper, const siginfo_t *info) {
  struct record *record = &keeper->record;
  bool by_signal = info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;
  record->phase = RECORD_EXITED;
  record->signal = by_signal ? (uint32_t)info->si_status : 0;
  record->exit_code = (by_signal ? 128 : 0) + (uint32_t)info->si_status;
  record->oom_killed = was_oom_killed(keeper) ? 1 : 0;
  record->exited_unix_nanos = unix_nanos();
}

/* Gives up everything but the clients that have not taken their last bytes: from here on another keeper may have the
 * directory. */
static void release(struct service *service) {
  struct keeper *keeper = service->keeper;
  close_fd(&keeper->mounts);
  publication_withdraw(&keeper->publication);
  if (keeper->is_exec) {
    cgroup_close(&keeper->cgroup);
  } else {
    cgroup_remove(&keeper->cgroup);
  }
  log_close(&keeper->log);
  service_unwatch(service, keeper->control);
  close_fd(&keeper->control);
  close_fd(&keeper->lock);
}

/* The order is the promise: what the process wrote is in the log and on its way to the clients, then the exit is on
 * disk, then it is told. */
static void on_process(struct service *service) {
  struct keeper *keeper = service->keeper;
  siginfo_t info = {0};
  if (waitid((idtype_t)P_PIDFD, (id_t)keeper->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0) return;
  service_unwatch(service, keeper->pidfd);
  note_exit(keeper, &info);
  /* Without a pid namespace that dies with its first process, the others must be told. */
  if (!keeper->is_exec && !keeper->owns_pids) (void)cgroup_kill(&keeper->cgroup);
  service->exited = true;
  close_fd(&keeper->slave);
  service_drain(service);
  (void)record_write_exit(keeper->state_dir, &keeper->record);
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    struct client *client = &service->clients[i];
    if (client->fd >= 0 && client->attached) service_send_exited(service, client);
  }
  release(service);
}

static void on_client(struct service *service, struct client *client, uint32_t events) {
  if (client->fd < 0) return;
  if ((events & EPOLLOUT) != 0) {
    if (!client_flush(client)) {
      service_drop_client(service, client);
      return;
    }
    if (client->closing) client_end(client);
    if (client->outbox.size == 0) service_watch_client(service, client);
    service_update_pause(service);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  if (client->held_size == 0) {
    service_read_client(service, client);
  } else {
    /* It has hung up, which is told whether one asks or not. What it sent comes after what is held: it waits for stdin. */
    service_unwatch(service, client->fd);
  }
}

static void dispatch(struct service *service, const struct epoll_event *event) {
  struct keeper *keeper = service->keeper;
  switch ((enum source)(event->data.u64 >> 32)) {
    case SOURCE_PROCESS:
      on_process(service);
      break;
    case SOURCE_CONTROL:
      if (keeper->control >= 0) service_accept(service);
      break;
    case SOURCE_INPUT:
      if (keeper->input >= 0) service_resume_input(service);
      break;
    case SOURCE_OUTPUT:
      if (keeper->output >= 0 && !service->paused) (void)service_pump(service, &keeper->output, FRAME_STDOUT);
      break;
    case SOURCE_ERROR:
      if (keeper->error >= 0 && !service->paused) (void)service_pump(service, &keeper->error, FRAME_STDERR);
      break;
    case SOURCE_CLIENT:
      on_client(service, &service->clients[(uint32_t)event->data.u64], event->events);
  }
}

/* Is waited for: to attach, to let the output go on, to take the last bytes, or to hang up. An exec has no log, and holds up nothing but
 * itself: it waits for ever for who started it. */
static bool is_awaited(const struct service *service, const struct client *client) {
  if (client->fd < 0) return false;
  if (client->closing && client->outbox.size == 0) return true;
  if (service->keeper->is_exec && client->is_first) return false;
  return !client->attached || (client->outbox.size > 0 && (service->exited || client_pauses_output(client)));
}

/* The output goes on without this client, which finds it in the log. */
static void give_up(struct service *service, struct client *client) {
  if (!client->attached || service->exited) {
    service_drop_client(service, client);
    return;
  }
  const struct log_position end = log_position(&service->keeper->log);
  service_stop_output(service, client, &end);
}

/* Waits no longer for clients that were waited for too long. Returns the milliseconds until the next could be, -1 for never. */
static int check_stalled(struct service *service) {
  uint64_t now = monotonic_nanos();
  uint64_t next = UINT64_MAX;
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    struct client *client = &service->clients[i];
    if (!is_awaited(service, client)) continue;
    uint64_t deadline = client->progress_nanos + CLIENT_STALL_NANOS;
    if (deadline <= now) {
      give_up(service, client);
    } else if (deadline - now < next) {
      next = deadline - now;
    }
  }
  return next == UINT64_MAX ? -1 : (int)(next / NANOS_PER_MILLI) + 1;
}

static bool is_done(const struct service *service) {
  if (!service->exited) return false;
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    if (service->clients[i].fd >= 0) return false;
  }
  return true;
}

static void open_service(struct service *service, struct keeper *keeper, int connection) {
  service->keeper = keeper;
  service->epoll = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < CLIENTS_MAX; i++) service->clients[i].fd = -1;
  const int streams[] = {keeper->input, keeper->output, keeper->error, connection};
  for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
    if (streams[i] >= 0) (void)set_nonblocking(streams[i], true);
  }
  if (connection >= 0) {
    client_open(&service->clients[0], connection, true);
    service->clients[0].wants_output = !keeper->detached;
    service_watch_client(service, &service->clients[0]);
  }
  service_watch(service, keeper->pidfd, SOURCE_PROCESS, 0, EPOLLIN);
  service_watch(service, keeper->control, SOURCE_CONTROL, 0, EPOLLIN);
  service_watch(service, keeper->output, SOURCE_OUTPUT, 0, EPOLLIN);
  if (keeper->error >= 0) service_watch(service, keeper->error, SOURCE_ERROR, 0, EPOLLIN);
}

void service_run(struct keeper *keeper, int connection) {
  struct service *service = &the_service;
  open_service(service, keeper, connection);
  while (!is_done(service)) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(service->epoll, events, EVENTS_MAX, check_stalled(service));
    if (is_done(service)) break;
    for (int i = 0; i < count; i++) dispatch(service, &events[i]);
  }
}
