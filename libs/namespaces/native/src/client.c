#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void client_open(struct client *client, int fd, bool is_first) {
  static uint32_t last_number = FIRST_CLIENT_NUMBER;
  memset(client, 0, sizeof *client);
  client->fd = fd;
  client->number = is_first ? FIRST_CLIENT_NUMBER : ++last_number;
  client->is_first = is_first;
  client->attached = is_first;
  client->wants_output = is_first;
  client->progress_nanos = monotonic_nanos();
  client->outbox.capacity = is_first ? FIRST_CLIENT_BEHIND_MAX : CLIENT_BEHIND_MAX;
}

void client_close(struct client *client) {
  (void)close(client->fd);
  free(client->held);
  outbox_free(&client->outbox);
  memset(client, 0, sizeof *client);
  client->fd = -1;
}

/* Returns how many bytes the socket took, 0 when it is full, -1 when it is broken. */
static ssize_t send_now(int fd, struct iovec *parts, size_t count) {
  const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
  ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

bool client_send(struct client *client, enum frame_type type, const void *payload, size_t size) {
  uint8_t header[FRAME_HEADER_SIZE];
  frame_encode(header, type, size);
  struct iovec parts[2] = {{.iov_base = header, .iov_len = sizeof header},
                           {.iov_base = (void *)payload, .iov_len = size}};
  ssize_t sent = client->outbox.size > 0 ? 0 : send_now(client->fd, parts, 2);
  if (sent < 0) return false;
  if (sent > 0) client->progress_nanos = monotonic_nanos();
  return outbox_append(&client->outbox, parts, 2, (size_t)sent);
}

bool client_has_room(const struct client *client, size_t size) {
  return client->outbox.size + FRAME_HEADER_SIZE + size + CLIENT_RESERVE <= client->outbox.capacity;
}

bool client_flush(struct client *client) {
  while (client->outbox.size > 0) {
    struct iovec part = {.iov_base = client->outbox.base + client->outbox.start, .iov_len = client->outbox.size};
    ssize_t sent = send_now(client->fd, &part, 1);
    if (sent < 0) return false;
    if (sent == 0) return true;
    client->progress_nanos = monotonic_nanos();
    outbox_consume(&client->outbox, (size_t)sent);
  }
  return true;
}

void client_end(struct client *client) {
  client->closing = true;
  /* It may have taken nothing for long, since nobody waited for it. */
  client->progress_nanos = monotonic_nanos();
  free(client->held);
  client->held = NULL;
  client->held_size = 0;
  if (client->outbox.size == 0) (void)shutdown(client->fd, SHUT_WR);
}

bool client_pauses_output(const struct client *client) {
  return client->is_first && !client->stopped && client->outbox.size >= FIRST_CLIENT_PAUSE_AT;
}

bool client_hold(struct client *client, struct frame_piece input) {
  client->held = malloc(input.size);
  if (client->held == NULL) return false;
  memcpy(client->held, input.data, input.size);
  client->held_size = input.size;
  return true;
}
