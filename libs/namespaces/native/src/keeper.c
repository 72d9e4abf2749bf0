#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "lock.h"

static int open_state_dir(const char *path, struct failure *failure) {
  cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0) return fail(failure, "state", errno, "open %.200s", path);
  if (stat.st_uid != geteuid() || (stat.st_mode & 022) != 0) {
    return fail(failure, "state", EPERM, "%.180s can be written by others", path);
  }
  return take_fd(&fd);
}

/* Bound through /proc, because a socket's address holds no more than 107 bytes. */
static int listen_at(int directory, const char *name, struct failure *failure) {
  cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(failure, "state", errno, "make a socket");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
  (void)unlinkat(directory, name, 0);
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
    return fail(failure, "state", errno, "bind %s", name);
  if (listen(fd, 64) < 0) return fail(failure, "state", errno, "listen on %s", name);
  return take_fd(&fd);
}

int keeper_open(struct keeper *keeper, const char *state_dir, const struct host *host, struct failure *failure) {
  keeper->state_dir = open_state_dir(state_dir, failure);
  if (keeper->state_dir < 0) return -1;
  keeper->lock = lock_take(keeper->state_dir, true, failure);
  if (keeper->lock < 0) return -1;
  record_init(&keeper->record, host->boot_id);
  keeper->record.keeper_pid = (uint32_t)getpid();
  keeper->record.keeper_start_ticks = process_start_ticks(getpid());
  keeper->record.created_unix_nanos = unix_nanos();
  if (record_write(keeper->state_dir, &keeper->record, failure) < 0) return -1;
  keeper->control = listen_at(keeper->state_dir, "control.sock", failure);
  return keeper->control < 0 ? -1 : 0;
}

int keeper_record_running(struct keeper *keeper, struct failure *failure) {
  keeper->record.process_pid = (uint32_t)keeper->pid;
  keeper->record.process_start_ticks = process_start_ticks(keeper->pid);
  keeper->record.started_unix_nanos = unix_nanos();
  keeper->record.phase = RECORD_RUNNING;
  return record_write(keeper->state_dir, &keeper->record, failure);
}

void keeper_leave(struct keeper *keeper) {
  close_fd(&keeper->lock);
  close_fd(&keeper->state_dir);
  close_fd(&keeper->control);
  log_close(&keeper->log);
}

void keeper_discard(struct keeper *keeper) {
  close_fd(&keeper->input);
  close_fd(&keeper->output);
  close_fd(&keeper->error);
  close_fd(&keeper->slave);
  close_fd(&keeper->pidfd);
  close_fd(&keeper->mounts);
  close_fd(&keeper->control);
  publication_withdraw(&keeper->publication);
  log_close(&keeper->log);
  if (keeper->is_exec) {
    cgroup_close(&keeper->cgroup);
  } else {
    cgroup_remove(&keeper->cgroup);
  }
  /* Without the lock the files are another keeper's. */
  if (keeper->lock >= 0) {
    static const char *const FILES[] = {"control.sock", "record", "record.new", "cgroups", "lock"};
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) (void)unlinkat(keeper->state_dir, FILES[i], 0);
  }
  close_fd(&keeper->lock);
  close_fd(&keeper->state_dir);
}
