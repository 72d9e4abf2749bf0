#include <errno.h>
#include <unistd.h>

#include <sys/epoll.h>

#include "cleanup.h"
#include "clock.h"
#include "service.h"

#define CHUNK_SIZE (64U << 10)
/* How much more is read from a stream after the process has ended: others may still write to it. */
#define DRAIN_MAX (2U << 20)

/* Neither on the stack nor in the heap: of these pages only those are touched that output fills. */
static uint8_t chunk[CHUNK_SIZE];

void service_update_pause(struct service *service) {
  struct keeper *keeper = service->keeper;
  bool pause = false;
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    pause = pause || (service->clients[i].fd >= 0 && client_pauses_output(&service->clients[i]));
  }
  if (pause == service->paused || service->exited) return;
  service->paused = pause;
  /* Not watched at all: a hang-up is reported even to those who ask for nothing. */
  if (keeper->output >= 0 && pause) service_unwatch(service, keeper->output);
  if (keeper->error >= 0 && pause) service_unwatch(service, keeper->error);
  if (keeper->output >= 0 && !pause) service_watch(service, keeper->output, SOURCE_OUTPUT, 0, EPOLLIN);
  if (keeper->error >= 0 && !pause) service_watch(service, keeper->error, SOURCE_ERROR, 0, EPOLLIN);
}

static void broadcast(struct service *service, enum frame_type type, size_t size) {
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    struct client *client = &service->clients[i];
    if (client->fd < 0 || !client->wants_output || client->closing) continue;
    if (!client_send(client, type, chunk, size)) {
      service_drop_client(service, client);
    } else if (client->outbox.size > 0) {
      service_watch_client(service, client);
    }
  }
  service_update_pause(service);
}

ssize_t service_pump(struct service *service, int *fd, enum frame_type type) {
  ssize_t size = read(*fd, chunk, sizeof chunk);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (size <= 0) {
    service_unwatch(service, *fd);
    close_fd(fd);
    return -1;
  }
  const struct frame_piece piece = {.data = chunk, .size = (size_t)size};
  log_write(&service->keeper->log, type == FRAME_STDOUT ? "stdout" : "stderr", piece, unix_nanos());
  broadcast(service, type, (size_t)size);
  return size;
}

static void drain(struct service *service, int *fd, enum frame_type type) {
  size_t total = 0;
  while (*fd >= 0 && total < DRAIN_MAX) {
    ssize_t size = service_pump(service, fd, type);
    if (size <= 0) break;
    total += (size_t)size;
  }
  if (*fd >= 0) service_unwatch(service, *fd);
  close_fd(fd);
}

void service_drain(struct service *service) {
  drain(service, &service->keeper->output, FRAME_STDOUT);
  drain(service, &service->keeper->error, FRAME_STDERR);
}
