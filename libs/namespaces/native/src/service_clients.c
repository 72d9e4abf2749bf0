#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "publication_transfer.h"
#include "service.h"
#include "wire.h"

#define INPUT_SIZE (32U << 10)

static uint8_t input_buffer[INPUT_SIZE];

/* The descriptors that came with what is read now. */
static struct transfer brought;

static void close_input(struct service *service) {
  if (service->keeper->input < 0 || service->keeper->terminal) return;
  service_unwatch(service, service->keeper->input);
  close_fd(&service->keeper->input);
  /* A closed stdin takes everything: nobody waits for it any more. */
  service_resume_input(service);
}

void service_drop_client(struct service *service, struct client *client) {
  bool ends_input = client->sent_input && service->keeper->stdin_once;
  service_unwatch(service, client->fd);
  client_close(client);
  if (ends_input) close_input(service);
  service_update_pause(service);
}

void service_send_exited(struct service *service, struct client *client) {
  const struct record *record = &service->keeper->record;
  uint8_t payload[64];
  Berth__Native__V1__Exited exited = BERTH__NATIVE__V1__EXITED__INIT;
  exited.exit_code = record->exit_code;
  exited.signal = record->signal;
  exited.oom_killed = record->oom_killed != 0;
  exited.exited_unix_nanos = record->exited_unix_nanos;
  size_t size = berth__native__v1__exited__pack(&exited, payload);
  if (service_send_end_of_output(service, client) && client_send(client, FRAME_EXITED, payload, size)) {
    client_end(client);
    service_watch_client(service, client);
  } else {
    service_drop_client(service, client);
  }
}

static struct client *find_slot(struct service *service) {
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    if (service->clients[i].fd < 0) return &service->clients[i];
  }
  return NULL;
}

void service_accept(struct service *service) {
  cleanup_close int fd = accept4(service->keeper->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid()) return;
  struct client *client = find_slot(service);
  if (client == NULL) return;
  client_open(client, take_fd(&fd), false);
  service_watch_client(service, client);
}

static void attach(struct service *service, struct client *client, bool output) {
  if (wire_send_done(client->fd, client->number) < 0) {
    service_drop_client(service, client);
    return;
  }
  client->attached = true;
  client->wants_output = output;
  if (service->exited) service_send_exited(service, client);
}

static void take_over(struct service *service, const struct client *client) {
  struct failure failure = {0};
  if (publication_take_over(&service->keeper->publication, &brought, &failure) < 0) wire_send_failure(client->fd, &failure);
  else (void)wire_send_done(client->fd, 0);
}

static void handle_request(struct service *service, struct client *client) {
  request_message *request =
      berth__native__v1__request__unpack(NULL, client->reader.payload_size, client->reader.payload);
  const int kind = request == NULL || client->attached ? 0 : (int)request->request_case;
  const bool output = kind == BERTH__NATIVE__V1__REQUEST__REQUEST_ATTACH && request->attach->output;
  if (request != NULL) berth__native__v1__request__free_unpacked(request, NULL);
  switch (kind) {
    case BERTH__NATIVE__V1__REQUEST__REQUEST_ATTACH:
      attach(service, client, output);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_WITHDRAW:
      publication_withdraw(&service->keeper->publication);
      (void)wire_send_done(client->fd, 0);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_TAKE_OVER:
      take_over(service, client);
      break;
    default:
      service_drop_client(service, client);
  }
}

static void resize(const struct keeper *keeper, const struct frame_reader *reader) {
  Berth__Native__V1__Resize *size = berth__native__v1__resize__unpack(NULL, reader->payload_size, reader->payload);
  if (size == NULL) return;
  const struct winsize window = {.ws_row = (unsigned short)size->rows, .ws_col = (unsigned short)size->columns};
  if (keeper->terminal && keeper->output >= 0) (void)ioctl(keeper->output, TIOCSWINSZ, &window);
  berth__native__v1__resize__free_unpacked(size, NULL);
}

static void send_signal(const struct service *service, const struct frame_reader *reader) {
  const struct keeper *keeper = service->keeper;
  Berth__Native__V1__Signal *wanted = berth__native__v1__signal__unpack(NULL, reader->payload_size, reader->payload);
  if (wanted == NULL) return;
  if (!service->exited) {
    bool whole_group = wanted->all && !keeper->is_exec && cgroup_kill(&keeper->cgroup) == 0;
    if (!whole_group) (void)pidfd_send_signal(keeper->pidfd, wanted->all ? SIGKILL : (int)wanted->number, NULL, 0);
  }
  berth__native__v1__signal__free_unpacked(wanted, NULL);
}

static struct client *find_client(struct service *service, uint32_t number) {
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    struct client *client = &service->clients[i];
    if (client->fd >= 0 && client->attached && client->number == number) return client;
  }
  return NULL;
}

static void follow(struct service *service, const struct frame_reader *reader) {
  Berth__Native__V1__Follow *wanted = berth__native__v1__follow__unpack(NULL, reader->payload_size, reader->payload);
  if (wanted == NULL) return;
  bool output = wanted->output;
  struct client *client = find_client(service, wanted->client);
  berth__native__v1__follow__free_unpacked(wanted, NULL);
  if (client == NULL || service->exited || client->closing || output == client->wants_output) return;
  if (output) {
    service_resume_output(service, client);
  } else {
    const struct log_position end = log_position(&service->keeper->log);
    service_stop_output(service, client, &end);
  }
}

static void handle_control(struct service *service, struct client *client) {
  switch (client->reader.header.type) {
    case FRAME_REQUEST:
      handle_request(service, client);
      break;
    case FRAME_STDIN_END:
      client->sent_input = true;
      if (service->keeper->stdin_once) close_input(service);
      break;
    case FRAME_FOLLOW:
      follow(service, &client->reader);
      break;
    case FRAME_RESIZE:
      resize(service->keeper, &client->reader);
      break;
    default:
      send_signal(service, &client->reader);
  }
}

/* Writes to stdin what it takes. Returns how many bytes are left over; a closed stdin takes everything. */
static size_t write_input(struct service *service, struct frame_piece piece) {
  while (piece.size > 0 && service->keeper->input >= 0) {
    ssize_t written = write(service->keeper->input, piece.data, piece.size);
    if (written < 0 && errno == EAGAIN) return piece.size;
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      close_input(service);
      break;
    }
    piece.data += written;
    piece.size -= (size_t)written;
  }
  return 0;
}

static void handle_input(struct service *service, struct client *client, struct frame_piece input) {
  while (client->fd >= 0) {
    struct frame_piece piece;
    enum frame_event event = frame_read(&client->reader, &input, &piece);
    if (event == FRAME_EVENT_NONE) return;
    /* Before a client has attached, only that is understood. */
    if (event == FRAME_EVENT_BAD || (!client->attached && client->reader.header.type != FRAME_REQUEST)) {
      service_drop_client(service, client);
      return;
    }
    if (event == FRAME_EVENT_CONTROL) {
      handle_control(service, client);
      continue;
    }
    client->sent_input = true;
    size_t left = write_input(service, piece);
    if (left == 0) continue;
    frame_unread(&client->reader, &input, left);
    if (!client_hold(client, input)) service_drop_client(service, client);
    service_watch(service, service->keeper->input, SOURCE_INPUT, 0, EPOLLOUT);
    if (client->fd >= 0) service_watch_client(service, client);
    return;
  }
}

/* As read, with the descriptors that came along. */
static ssize_t receive(int fd) {
  static _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof brought.descriptors)];
  struct iovec part = {.iov_base = input_buffer, .iov_len = sizeof input_buffer};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  const struct cmsghdr *header = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return size;
  brought.count = (header->cmsg_len - CMSG_LEN(0)) / sizeof brought.descriptors[0];
  memcpy(brought.descriptors, CMSG_DATA(header), brought.count * sizeof brought.descriptors[0]);
  return size;
}

static void read_client(struct service *service, struct client *client) {
  ssize_t size = receive(client->fd);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    service_drop_client(service, client);
    return;
  }
  if (client->closing) return;
  handle_input(service, client, (struct frame_piece){.data = input_buffer, .size = (size_t)size});
}

void service_read_client(struct service *service, struct client *client) {
  read_client(service, client);
  transfer_close(&brought);
}

void service_resume_input(struct service *service) {
  service_unwatch(service, service->keeper->input);
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    struct client *client = &service->clients[i];
    if (client->fd < 0 || client->held_size == 0) continue;
    cleanup_free uint8_t *held = client->held;
    const struct frame_piece input = {.data = held, .size = client->held_size};
    client->held = NULL;
    client->held_size = 0;
    handle_input(service, client, input);
    if (client->fd >= 0) service_watch_client(service, client);
  }
}
