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

static bool send_position(struct client *client, const struct log_position *position) {
  uint8_t payload[64];
  Berth__Native__V1__LogPosition message = BERTH__NATIVE__V1__LOG_POSITION__INIT;
  message.total_bytes = position->total;
  message.offset_bytes = position->offset;
  message.file = (ProtobufCBinaryData){.data = (uint8_t *)position->first, .len = LOG_TIME_SIZE};
  return client_send(client, FRAME_LOG_POSITION, payload, berth__native__v1__log_position__pack(&message, payload));
}

void service_stop_output(struct service *service, struct client *client, const struct log_position *from) {
  client->wants_output = false;
  client->stopped = true;
  if (service->keeper->log.file < 0 || !send_position(client, from)) {
    service_drop_client(service, client);
    return;
  }
  service_watch_client(service, client);
  service_update_pause(service);
}

void service_resume_output(struct service *service, struct client *client) {
  client->wants_output = true;
  client->stopped = false;
  const struct log_position end = log_position(&service->keeper->log);
  if (send_position(client, &end)) {
    service_watch_client(service, client);
  } else {
    service_drop_client(service, client);
  }
}

bool service_send_end_of_output(struct service *service, struct client *client) {
  const struct log_position end = log_position(&service->keeper->log);
  return !client->stopped || send_position(client, &end);
}

static void broadcast(struct service *service, enum frame_type type, size_t size, const struct log_position *from) {
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    struct client *client = &service->clients[i];
    if (client->fd < 0 || !client->wants_output || client->closing) continue;
    if (!client_has_room(client, size)) {
      service_stop_output(service, client, from);
    } else if (!client_send(client, type, chunk, size)) {
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
  const struct log_position from = log_position(&service->keeper->log);
  log_write(&service->keeper->log, type == FRAME_STDOUT ? "stdout" : "stderr", piece, unix_nanos());
  broadcast(service, type, (size_t)size, &from);
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
