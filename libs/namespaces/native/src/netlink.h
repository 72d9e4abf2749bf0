/* Netlink: messages built into one buffer, sent with one call, confirmed by one acknowledgement. */
#ifndef BERTH_NETLINK_H
#define BERTH_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_BATCH_SIZE = 2048, NETLINK_BATCH_MESSAGES = 128 };

/*
 * Messages of one send. The kernel handles them in order and goes on after one that fails, so a message must do no harm when the one
 * before it failed. Too much for the buffer is remembered and told when the batch is sent.
 */
struct netlink_batch {
  size_t size;
  size_t message; /* where the message begins that attributes go to */
  unsigned int count;
  bool overflow;
  bool optional[NETLINK_BATCH_MESSAGES];        /* a failure of this message is none of the batch */
  const char *purposes[NETLINK_BATCH_MESSAGES]; /* what the message is for, in a failure's words */
  char *bytes;
  size_t capacity;
  _Alignas(NLMSG_ALIGNTO) char own_bytes[NETLINK_BATCH_SIZE]; /* where `bytes` points unless there is more to say */
};

/* What the kernel refused. */
struct netlink_refusal {
  int error;           /* the errno, 0 when nothing was refused */
  const char *purpose; /* of the first message that failed */
  char message[96];    /* the kernel's own words, when it has any (NLMSGERR_ATTR_MSG) */
};

/* A socket of the calling thread's network namespace, which it keeps when the thread leaves. -1 and errno on failure. */
int netlink_open(int protocol);

void netlink_begin(struct netlink_batch *batch);

/* The same for more than NETLINK_BATCH_SIZE bytes, in a place of the caller's that is aligned as a netlink message. */
void netlink_begin_in(struct netlink_batch *batch, char *bytes, size_t capacity);

/* Begins a message. `header` is what the family wants in front of attributes (struct ifinfomsg ...). */
void netlink_message(struct netlink_batch *batch, const char *purpose, uint16_t type, uint16_t flags, const void *header,
                     size_t header_size);

/* A message of its own at the end of the batch that the kernel does not acknowledge. Nothing may follow it. */
void netlink_trailer(struct netlink_batch *batch, uint16_t type, const void *header, size_t header_size);

/* Lets the batch succeed though this message fails. */
void netlink_optional(struct netlink_batch *batch);

void netlink_put(struct netlink_batch *batch, uint16_t type, const void *data, size_t size);
/* Bytes that are no attribute: a header inside a nest. */
void netlink_put_raw(struct netlink_batch *batch, const void *data, size_t size);
void netlink_put_string(struct netlink_batch *batch, uint16_t type, const char *text);
void netlink_put_u32(struct netlink_batch *batch, uint16_t type, uint32_t value);
void netlink_put_be32(struct netlink_batch *batch, uint16_t type, uint32_t value);

/* Attributes between the two lie inside one of `type`. Nests nest. */
size_t netlink_nest(struct netlink_batch *batch, uint16_t type);
void netlink_nest_end(struct netlink_batch *batch, size_t nest);

/* Sends the batch and reads its outcome. Returns 0, or -1 with `refusal` filled. Never waits: the kernel answers within the send. */
int netlink_send(int fd, struct netlink_batch *batch, struct netlink_refusal *refusal);

typedef void netlink_visitor(const struct nlmsghdr *message, void *context);

/* Sends the batch, which is one request, and shows each message of the answer to `visit`. As netlink_send otherwise. */
int netlink_query(int fd, struct netlink_batch *batch, netlink_visitor *visit, void *context, struct netlink_refusal *refusal);

/* The first attribute of `type` behind the family's header, NULL when there is none. */
const struct nlattr *netlink_find(const struct nlmsghdr *message, size_t header_size, uint16_t type);

/* The same inside an attribute. */
const struct nlattr *netlink_find_nested(const struct nlattr *parent, uint16_t type);

/* True when the attribute holds just this text. */
bool netlink_is_string(const struct nlattr *attribute, const char *text);

#endif
