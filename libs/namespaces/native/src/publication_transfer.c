#include "publication_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "flows.h"
#include "io.h"
#include "link.h"
#include "nft_message.h"
#include "plan_parts.h"
#include "target.h"
#include "wire.h"

#define KEEPER_SECONDS_MAX 10

/* What a description begins with; the ports follow. A keeper of another version finds another size, and refuses. */
struct description {
  char table[PUBLICATION_TABLE_MAX];
  uint32_t port_size;
  uint32_t count;
};

void transfer_close(struct transfer *transfer) {
  for (size_t i = 0; i < transfer->count; i++) close_fd(&transfer->descriptors[i]);
  transfer->count = 0;
}

/* In memory: a frame to a keeper has no room for many ports. */
static int describe(const struct publication *publication, size_t first, size_t count, struct failure *failure) {
  struct description head = {.port_size = sizeof publication->ports[0], .count = (uint32_t)count};
  memcpy(head.table, publication->table, sizeof head.table);
  cleanup_close int fd = memfd_create("berth-ports", MFD_CLOEXEC);
  const size_t size = count * sizeof publication->ports[0];
  if (fd < 0 || write(fd, &head, sizeof head) != (ssize_t)sizeof head ||
      write(fd, &publication->ports[first], size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
    return fail(failure, "publish", errno, "describe %zu ports", count);
  return take_fd(&fd);
}

static int connect_keeper(const char *state_dir, struct failure *failure) {
  const struct timeval patience = {.tv_sec = KEEPER_SECONDS_MAX};
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  cleanup_close int directory = open(state_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return errno == ENOENT ? target_not_running(failure) : fail(failure, "publish", errno, "open %.200s", state_dir);
  cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(failure, "publish", errno, "make a socket");
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control.sock", directory);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return take_fd(&fd);
  return errno == ENOENT || errno == ECONNREFUSED ? target_not_running(failure) : fail(failure, "publish", errno, "connect to the keeper");
}

/* Sends a request, with descriptors, in one piece, and waits for its end. */
static int ask(int keeper, const request_message *request, const struct transfer *transfer, struct failure *failure) {
  uint8_t frame[FRAME_HEADER_SIZE + FRAME_CONTROL_MAX];
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof transfer->descriptors)];
  const size_t size = berth__native__v1__request__pack(request, frame + FRAME_HEADER_SIZE);
  struct iovec part = {.iov_base = frame, .iov_len = FRAME_HEADER_SIZE + size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  frame_encode(frame, FRAME_REQUEST, size);
  if (transfer->count > 0) {
    const size_t bytes = transfer->count * sizeof transfer->descriptors[0];
    memset(control, 0, sizeof control);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(bytes);
    struct cmsghdr *header = (struct cmsghdr *)(void *)control;
    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(bytes), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), transfer->descriptors, bytes);
  }
  if (sendmsg(keeper, &message, MSG_NOSIGNAL) != (ssize_t)part.iov_len) return target_not_running(failure);
  return wire_receive_done(keeper, failure);
}

static int ask_to_withdraw(int keeper, struct failure *failure) {
  const struct transfer nothing = {0};
  Berth__Native__V1__Withdraw withdraw = BERTH__NATIVE__V1__WITHDRAW__INIT;
  request_message request = BERTH__NATIVE__V1__REQUEST__INIT;
  request.request_case = BERTH__NATIVE__V1__REQUEST__REQUEST_WITHDRAW;
  request.withdraw = &withdraw;
  return ask(keeper, &request, &nothing, failure);
}

static int hand_over(int keeper, const struct publication *publication, size_t first, size_t count, struct failure *failure) {
  struct transfer transfer = {0};
  Berth__Native__V1__TakeOver take_over = BERTH__NATIVE__V1__TAKE_OVER__INIT;
  request_message request = BERTH__NATIVE__V1__REQUEST__INIT;
  request.request_case = BERTH__NATIVE__V1__REQUEST__REQUEST_TAKE_OVER;
  request.take_over = &take_over;
  cleanup_close int description = describe(publication, first, count, failure);
  if (description < 0) return -1;
  transfer.descriptors[transfer.count++] = description;
  for (size_t i = first; i < first + count; i++) {
    /* Where there is nothing to hold, the description stands in. */
    transfer.descriptors[transfer.count++] = publication->holders[i] < 0 ? description : publication->holders[i];
  }
  return ask(keeper, &request, &transfer, failure);
}

static int hand_over_all(int keeper, const struct publication *publication, struct failure *failure) {
  for (size_t first = 0; first < publication->count; first += TRANSFER_PORTS_MAX) {
    const size_t rest = publication->count - first;
    if (hand_over(keeper, publication, first, rest < TRANSFER_PORTS_MAX ? rest : TRANSFER_PORTS_MAX, failure) < 0) return -1;
  }
  return 0;
}

int publication_replace(const Berth__Native__V1__PublishContainer *plan, struct failure *failure) {
  struct failure undo;
  struct publication publication = PUBLICATION_NONE;
  if (plan_check_path(plan->state_dir, "state_dir", failure) < 0) return -1;
  if (plan_check_publication(plan->publication, failure) < 0) return -1;
  const bool publishes = plan->publication != NULL && plan->publication->n_ports > 0;
  if (publishes && !link_is_name(plan->host_interface)) return fail(failure, "plan", EINVAL, "bad name of an interface");
  cleanup_close int keeper = connect_keeper(plan->state_dir, failure);
  if (keeper < 0 || ask_to_withdraw(keeper, failure) < 0) return -1;
  if (!publishes) return 0;
  int result = publication_hold(&publication, plan->publication, failure);
  if (result == 0) result = publication_open_ways(&publication, plan->publication->bridge, plan->host_interface, failure);
  if (result == 0) result = hand_over_all(keeper, &publication, failure);
  if (result < 0) (void)ask_to_withdraw(keeper, &undo);
  publication_withdraw(&publication);
  return result;
}

/* Room for as many more. Returns 0, or -1 with errno. */
static int grow(struct publication *publication, size_t count) {
  void *ports = realloc(publication->ports, (publication->count + count) * sizeof *publication->ports);
  if (ports != NULL) publication->ports = ports;
  void *holders = realloc(publication->holders, (publication->count + count) * sizeof *publication->holders);
  if (holders != NULL) publication->holders = holders;
  return ports == NULL || holders == NULL ? -1 : 0;
}

static int read_ports(struct publication *publication, const struct transfer *transfer, struct failure *failure) {
  struct description head;
  const size_t count = transfer->count == 0 ? 0 : transfer->count - 1;
  const size_t size = count * sizeof *publication->ports;
  if (count == 0 || read_full(transfer->descriptors[0], &head, sizeof head) != (ssize_t)sizeof head ||
      head.port_size != sizeof *publication->ports || head.count != count)
    return fail(failure, "publish", EBADMSG, "ports that are described otherwise");
  if (grow(publication, count) < 0) return fail(failure, "publish", errno, "%zu ports", count);
  if (read_full(transfer->descriptors[0], &publication->ports[publication->count], size) != (ssize_t)size)
    return fail(failure, "publish", EBADMSG, "%zu ports that are not all described", count);
  memcpy(publication->table, head.table, sizeof head.table);
  publication->table[sizeof publication->table - 1] = '\0';
  return 0;
}

int publication_take_over(struct publication *publication, struct transfer *transfer, struct failure *failure) {
  struct netlink_refusal refusal;
  if (publication->netfilter < 0) return fail(failure, "publish", EPERM, "ports of a container that had none to publish");
  if (read_ports(publication, transfer, failure) < 0) return -1;
  const struct published_port *fresh = &publication->ports[publication->count];
  const size_t count = transfer->count - 1;
  for (size_t i = 0; i < count; i++)
    publication->holders[publication->count + i] = take_fd(&transfer->descriptors[i + 1]);
  publication->count += count;
  if (published_ports_change(publication->netfilter, publication->table, PUBLISHED_ADD, fresh, count, &refusal) < 0)
    return nft_fail(failure, publication->table, &refusal);
  flows_forget_untranslated(publication->netfilter, fresh, count);
  return 0;
}
