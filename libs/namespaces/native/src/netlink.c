#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE_SIZE = 8192, MAX_ERRNO = 4095 };

/* The kernel's own names for these are of mixed signs. */
static const size_t HEADER = sizeof(struct nlmsghdr);
static const size_t ATTRIBUTE = sizeof(struct nlattr);
_Static_assert(sizeof(struct nlmsghdr) % NLMSG_ALIGNTO == 0 && sizeof(struct nlattr) % NLA_ALIGNTO == 0,
               "headers need no padding");

/* The kernel copies what failed back into an answer without NETLINK_CAP_ACK, and explains nothing without NETLINK_EXT_ACK. */
int netlink_open(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  int on = 1;
  if (fd < 0) return -1;
  (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  return fd;
}

void netlink_begin(struct netlink_batch *batch) {
  netlink_begin_in(batch, batch->own_bytes, sizeof batch->own_bytes);
}

void netlink_begin_in(struct netlink_batch *batch, char *bytes, size_t capacity) {
  batch->bytes = bytes;
  batch->capacity = capacity;
  batch->size = 0;
  batch->count = 0;
  batch->overflow = false;
}

/* Room for `size` bytes, zeroed up to the next boundary; NULL when there is none. */
static char *reserve(struct netlink_batch *batch, size_t size) {
  size_t aligned = NLMSG_ALIGN(size);
  if (batch->overflow || aligned < size || aligned > batch->capacity - batch->size) {
    batch->overflow = true;
    return NULL;
  }
  char *room = batch->bytes + batch->size;
  memset(room, 0, aligned);
  batch->size += aligned;
  return room;
}

static struct nlmsghdr *current(struct netlink_batch *batch) {
  return (struct nlmsghdr *)(void *)(batch->bytes + batch->message);
}

static void grow_message(struct netlink_batch *batch) {
  current(batch)->nlmsg_len = (uint32_t)(batch->size - batch->message);
}

void netlink_message(struct netlink_batch *batch, const char *purpose, uint16_t type, uint16_t flags, const void *header,
                     size_t header_size) {
  if (batch->count == NETLINK_BATCH_MESSAGES) batch->overflow = true;
  size_t start = batch->size;
  char *room = reserve(batch, HEADER + header_size);
  if (!room) return;
  memcpy(room + HEADER, header, header_size);
  batch->message = start;
  batch->purposes[batch->count] = purpose;
  batch->optional[batch->count] = false;
  batch->count++;
  *current(batch) =
      (struct nlmsghdr){.nlmsg_type = type, .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST), .nlmsg_seq = batch->count};
  grow_message(batch);
}

void netlink_trailer(struct netlink_batch *batch, uint16_t type, const void *header, size_t header_size) {
  char *room = reserve(batch, HEADER + header_size);
  if (!room) return;
  struct nlmsghdr message = {.nlmsg_len = (uint32_t)(HEADER + header_size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST};
  memcpy(room, &message, sizeof message);
  memcpy(room + HEADER, header, header_size);
}

void netlink_optional(struct netlink_batch *batch) {
  if (batch->count > 0) batch->optional[batch->count - 1] = true;
}

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *data, size_t size) {
  if (size > UINT16_MAX - ATTRIBUTE) batch->overflow = true;
  char *room = reserve(batch, ATTRIBUTE + size);
  if (!room) return;
  struct nlattr attribute = {.nla_len = (uint16_t)(ATTRIBUTE + size), .nla_type = type};
  memcpy(room, &attribute, sizeof attribute);
  memcpy(room + ATTRIBUTE, data, size);
  grow_message(batch);
}

void netlink_put_raw(struct netlink_batch *batch, const void *data, size_t size) {
  char *room = reserve(batch, size);
  if (!room) return;
  memcpy(room, data, size);
  grow_message(batch);
}

void netlink_put_string(struct netlink_batch *batch, uint16_t type, const char *text) {
  netlink_put(batch, type, text, strlen(text) + 1);
}

void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value) {
  netlink_put(batch, type, &value, sizeof value);
}

void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value) {
  netlink_put_u32(batch, type, htonl(value));
}

size_t netlink_nest(struct netlink_batch *batch, uint16_t type) {
  size_t nest = batch->size;
  netlink_put(batch, type | NLA_F_NESTED, "", 0);
  return nest;
}

void netlink_nest_end(struct netlink_batch *batch, size_t nest) {
  if (batch->overflow) return;
  uint16_t size = (uint16_t)(batch->size - nest);
  memcpy(batch->bytes + nest, &size, sizeof size); /* nla_len is the first field */
}

static void copy_explanation(const struct nlmsghdr *message, struct netlink_refusal *refusal) {
  refusal->message[0] = '\0';
  if (!(message->nlmsg_flags & NLM_F_ACK_TLVS)) return;
  const struct nlattr *text = netlink_find(message, sizeof(struct nlmsgerr), NLMSGERR_ATTR_MSG);
  size_t size = text ? text->nla_len - ATTRIBUTE : 0;
  if (size == 0) return;
  size = size < sizeof refusal->message ? size : sizeof refusal->message;
  memcpy(refusal->message, (const char *)text + ATTRIBUTE, size);
  refusal->message[size - 1] = '\0';
}

/* Keeps the first refusal: what comes after it fails because of it. */
static void note_error(const struct netlink_batch *batch, const struct nlmsghdr *message, struct netlink_refusal *refusal) {
  const struct nlmsgerr *answer = NLMSG_DATA(message);
  unsigned int index = message->nlmsg_seq - 1;
  if (answer->error == 0 || refusal->error != 0 || (index < batch->count && batch->optional[index])) return;
  refusal->error = answer->error < 0 && answer->error >= -MAX_ERRNO ? -answer->error : EPROTO;
  refusal->purpose = index < batch->count ? batch->purposes[index] : "send a netlink batch";
  copy_explanation(message, refusal);
}

struct reception {
  const struct netlink_batch *batch;
  netlink_visitor *visit;
  void *context;
  struct netlink_refusal *refusal;
  bool complete; /* the answer to the last message has come */
};

static void receive_message(struct reception *reception, const struct nlmsghdr *message) {
  bool last = message->nlmsg_seq == reception->batch->count;
  if (message->nlmsg_type == NLMSG_ERROR && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
    note_error(reception->batch, message, reception->refusal);
    reception->complete |= last;
  } else if (message->nlmsg_type == NLMSG_DONE) {
    reception->complete |= last;
  } else if (reception->visit && message->nlmsg_type >= NLMSG_MIN_TYPE) {
    reception->visit(message, reception->context);
  }
}

/* One datagram. Returns -1 and errno when there is none. */
static int receive_datagram(int fd, struct reception *reception) {
  /* Not cleared: a keeper lives on with the stack pages that this would touch. */
  _Alignas(NLMSG_ALIGNTO) __attribute__((uninitialized)) char buffer[RECEIVE_SIZE];
  struct iovec room = {.iov_base = buffer, .iov_len = sizeof buffer};
  struct msghdr datagram = {.msg_iov = &room, .msg_iovlen = 1};
  ssize_t received = recvmsg(fd, &datagram, MSG_DONTWAIT | MSG_TRUNC);
  if (received < 0) return -1;
  if ((size_t)received > sizeof buffer) {
    errno = EMSGSIZE;
    return -1;
  }
  for (size_t at = 0, left = (size_t)received; left >= HEADER;) {
    const struct nlmsghdr *message = (const void *)(buffer + at);
    if (message->nlmsg_len < HEADER || message->nlmsg_len > left) break;
    receive_message(reception, message);
    size_t step = NLMSG_ALIGN(message->nlmsg_len);
    at += step;
    left -= step < left ? step : left;
  }
  return 0;
}

static int refuse(struct netlink_refusal *refusal, int error, const char *purpose) {
  *refusal = (struct netlink_refusal){.error = error, .purpose = purpose};
  return -1;
}

int netlink_query(int fd, struct netlink_batch *batch, netlink_visitor *visit, void *context, struct netlink_refusal *refusal) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  struct reception reception = {batch, visit, context, refusal, false};
  *refusal = (struct netlink_refusal){0};
  if (batch->overflow || batch->count == 0) return refuse(refusal, EMSGSIZE, "build a netlink batch");
  /* Failures are told in any case; the success of the last message marks the end of the answers. */
  current(batch)->nlmsg_flags |= NLM_F_ACK;
  /* Not sendto, which a keeper may not call. */
  struct iovec bytes = {.iov_base = batch->bytes, .iov_len = batch->size};
  const struct msghdr datagram = {.msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = &bytes, .msg_iovlen = 1};
  if (sendmsg(fd, &datagram, 0) < 0) return refuse(refusal, errno, "send a netlink batch");
  while (!reception.complete) {
    if (receive_datagram(fd, &reception) == 0 || errno == EINTR) continue;
    return refusal->error ? -1 : refuse(refusal, errno, "read the answer to a netlink batch");
  }
  return refusal->error ? -1 : 0;
}

int netlink_send(int fd, struct netlink_batch *batch, struct netlink_refusal *refusal) {
  return netlink_query(fd, batch, NULL, NULL, refusal);
}

static const struct nlattr *find(const char *at, size_t size, uint16_t type) {
  while (size >= ATTRIBUTE) {
    const struct nlattr *attribute = (const void *)at;
    if (attribute->nla_len < ATTRIBUTE || attribute->nla_len > size) return NULL;
    if ((attribute->nla_type & NLA_TYPE_MASK) == type) return attribute;
    size_t step = NLA_ALIGN(attribute->nla_len);
    if (step >= size) return NULL;
    at += step;
    size -= step;
  }
  return NULL;
}

const struct nlattr *netlink_find(const struct nlmsghdr *message, size_t header_size, uint16_t type) {
  size_t start = HEADER + NLMSG_ALIGN(header_size);
  if (message->nlmsg_len < start) return NULL;
  return find((const char *)message + start, message->nlmsg_len - start, type);
}

const struct nlattr *netlink_find_nested(const struct nlattr *parent, uint16_t type) {
  return find((const char *)parent + ATTRIBUTE, parent->nla_len - ATTRIBUTE, type);
}

bool netlink_is_string(const struct nlattr *attribute, const char *text) {
  size_t size = strlen(text) + 1;
  return attribute && attribute->nla_len == ATTRIBUTE + size && memcmp((const char *)attribute + ATTRIBUTE, text, size) == 0;
}
