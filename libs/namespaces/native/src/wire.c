#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "io.h"
#include "target.h"

request_message *wire_unpack_request(const uint8_t *data, size_t size, struct arena *arena, struct failure *failure) {
  request_message *request = berth__native__v1__request__unpack(&arena->allocator, size, data);
  if (request == NULL) (void)fail(failure, "plan", EBADMSG, "the request cannot be read");
  return request;
}

request_message *wire_receive_request(int connection, struct arena *arena, struct failure *failure) {
  uint8_t bytes[FRAME_HEADER_SIZE];
  struct frame_header header;
  ssize_t size = read_full(connection, bytes, sizeof bytes);
  if (size != (ssize_t)sizeof bytes) {
    (void)fail(failure, "plan", size < 0 ? errno : EPIPE, "read the request's header");
    return NULL;
  }
  if (!frame_decode(bytes, &header) || header.type != FRAME_REQUEST) {
    (void)fail(failure, "plan", EBADMSG, "the first frame is not a request");
    return NULL;
  }
  uint8_t *payload = arena_allocate(arena, header.size);
  size = payload == NULL ? -1 : read_full(connection, payload, header.size);
  if (size != (ssize_t)header.size) {
    (void)fail(failure, "plan", size < 0 ? errno : EPIPE, "read a request of %u bytes", header.size);
    return NULL;
  }
  return wire_unpack_request(payload, header.size, arena, failure);
}

static int read_reply(const uint8_t *payload, size_t size, struct failure *failure) {
  reply_message *reply = berth__native__v1__reply__unpack(NULL, size, payload);
  int result = reply != NULL && reply->reply_case == BERTH__NATIVE__V1__REPLY__REPLY_DONE ? 0 : -1;
  if (reply != NULL && reply->reply_case == BERTH__NATIVE__V1__REPLY__REPLY_FAILURE)
    (void)fail(failure, reply->failure->step, (int)reply->failure->error_number, "%s", reply->failure->detail);
  else if (result < 0)
    (void)fail(failure, "plan", EBADMSG, "the reply cannot be read");
  if (reply != NULL) berth__native__v1__reply__free_unpacked(reply, NULL);
  return result;
}

int wire_receive_done(int connection, struct failure *failure) {
  uint8_t bytes[FRAME_HEADER_SIZE];
  uint8_t payload[sizeof(struct failure) + 64];
  struct frame_header header;
  if (read_full(connection, bytes, sizeof bytes) != (ssize_t)sizeof bytes || !frame_decode(bytes, &header)) return target_not_running(failure);
  if (header.type != FRAME_REPLY || header.size > sizeof payload) return fail(failure, "plan", EBADMSG, "the answer is no reply");
  if (read_full(connection, payload, header.size) != (ssize_t)header.size) return target_not_running(failure);
  return read_reply(payload, header.size, failure);
}

int wire_send(int connection, enum frame_type type, const void *payload, size_t size) {
  uint8_t header[FRAME_HEADER_SIZE];
  frame_encode(header, type, size);
  struct iovec parts[2] = {{.iov_base = header, .iov_len = sizeof header},
                           {.iov_base = (void *)payload, .iov_len = size}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  ssize_t sent = sendmsg(connection, &message, MSG_NOSIGNAL);
  if (sent < 0) return -1;
  if ((size_t)sent == sizeof header + size) return 0;
  errno = EIO;
  return -1;
}

int wire_send_reply(int connection, const reply_message *reply) {
  size_t size = berth__native__v1__reply__get_packed_size(reply);
  cleanup_free uint8_t *payload = malloc(size + 1);
  if (payload == NULL) return -1;
  (void)berth__native__v1__reply__pack(reply, payload);
  return wire_send(connection, FRAME_REPLY, payload, size);
}

void wire_send_failure(int connection, const struct failure *failure) {
  Berth__Native__V1__Failure message = BERTH__NATIVE__V1__FAILURE__INIT;
  message.step = (char *)failure->step;
  message.error_number = (uint32_t)failure->error;
  message.detail = (char *)failure->detail;
  reply_message reply = BERTH__NATIVE__V1__REPLY__INIT;
  reply.reply_case = BERTH__NATIVE__V1__REPLY__REPLY_FAILURE;
  reply.failure = &message;
  (void)wire_send_reply(connection, &reply);
}

int wire_send_done(int connection, uint32_t client) {
  Berth__Native__V1__Done message = BERTH__NATIVE__V1__DONE__INIT;
  message.client = client;
  reply_message reply = BERTH__NATIVE__V1__REPLY__INIT;
  reply.reply_case = BERTH__NATIVE__V1__REPLY__REPLY_DONE;
  reply.done = &message;
  return wire_send_reply(connection, &reply);
}
