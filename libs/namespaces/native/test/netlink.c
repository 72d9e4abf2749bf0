/* The builder of netlink messages and the search in them. */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static struct netlink_batch batch;
static const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};

static const struct nlmsghdr *first_message(void) {
  return (const void *)batch.bytes;
}

static void begin(void) {
  netlink_begin(&batch);
  netlink_message(&batch, "test", RTM_GETLINK, 0, &header, sizeof header);
}

static void check_attributes(void) {
  begin();
  netlink_put_string(&batch, 3, "eth0");
  size_t outer = netlink_nest(&batch, 18);
  netlink_put_u32(&batch, 1, 77);
  netlink_put_string(&batch, 2, "veth");
  netlink_nest_end(&batch, outer);
  netlink_put_u32(&batch, 4, 1500);
  const struct nlattr *nest = netlink_find(first_message(), sizeof header, 18);
  check(first_message()->nlmsg_len == batch.size, "a message is as long as what was put into it");
  check(netlink_is_string(netlink_find(first_message(), sizeof header, 3), "eth0"), "a string is found");
  check(!netlink_is_string(netlink_find(first_message(), sizeof header, 3), "eth"), "a string is compared whole");
  check(nest && nest->nla_len == sizeof *nest + 8 + 12, "a nest is as long as what was put into it");
  check(nest && netlink_is_string(netlink_find_nested(nest, 2), "veth"), "a string is found in a nest");
  check(nest && !netlink_find_nested(nest, 4), "what stands behind a nest is not in it");
  check(netlink_find(first_message(), sizeof header, 4) != NULL, "what stands behind a nest is found");
  check(!netlink_find(first_message(), sizeof header, 5), "what is not there is not found");
}

/* An answer cut short or with lengths that lie must end the search, within the bytes that there are. */
static void check_bad_lengths(void) {
  begin();
  netlink_put_string(&batch, 3, "eth0");
  size_t attribute = batch.size - NLMSG_ALIGN(sizeof(struct nlattr) + 5);
  struct nlmsghdr *message = (void *)batch.bytes;
  for (uint16_t length = 0; length < 64; length++) {
    memcpy(batch.bytes + attribute, &length, sizeof length);
    if (netlink_find(message, sizeof header, 9)) check(false, "nothing is found where nothing is");
  }
  for (uint32_t length = 0; length <= batch.size; length++) {
    message->nlmsg_len = length;
    if (netlink_find(message, sizeof header, 9)) check(false, "nothing is found in a message cut short");
  }
  check(true, "lengths that lie lead nowhere");
}

static void check_overflow(void) {
  struct netlink_refusal refusal;
  char much[512] = {0};
  begin();
  for (int i = 0; i < 5; i++)
    netlink_put(&batch, 1, much, sizeof much);
  size_t nest = netlink_nest(&batch, 2);
  netlink_nest_end(&batch, nest);
  check(batch.overflow && batch.size <= batch.capacity, "too much is not written");
  check(netlink_send(-1, &batch, &refusal) == -1 && refusal.error == EMSGSIZE, "and told when it is sent");
  netlink_begin(&batch);
  check(netlink_send(-1, &batch, &refusal) == -1 && refusal.error == EMSGSIZE, "an empty batch is refused");
  static _Alignas(NLMSG_ALIGNTO) char room[(NETLINK_BATCH_MESSAGES + 1) * NLMSG_SPACE(sizeof header)];
  netlink_begin_in(&batch, room, sizeof room);
  for (int i = 0; i < NETLINK_BATCH_MESSAGES + 1; i++)
    netlink_message(&batch, "test", RTM_GETLINK, 0, &header, sizeof header);
  check(batch.overflow && batch.count == NETLINK_BATCH_MESSAGES, "too many messages are not written");
}

static void check_refusals(void) {
  struct netlink_refusal refusal;
  int fd = netlink_open(NETLINK_ROUTE);
  netlink_begin(&batch);
  for (int i = 0; i < 2; i++) {
    netlink_message(&batch, i == 0 ? "first" : "second", RTM_GETLINK, 0, &header, sizeof header);
    netlink_put_string(&batch, IFLA_IFNAME, "nonesuch");
  }
  check(netlink_send(fd, &batch, &refusal) == -1 && refusal.error == ENODEV && strcmp(refusal.purpose, "first") == 0,
        "the first refusal is told");
  netlink_begin(&batch);
  netlink_message(&batch, "may fail", RTM_GETLINK, 0, &header, sizeof header);
  netlink_put_string(&batch, IFLA_IFNAME, "nonesuch");
  netlink_optional(&batch);
  netlink_message(&batch, "works", RTM_GETLINK, 0, &header, sizeof header);
  netlink_put_string(&batch, IFLA_IFNAME, "lo");
  check(netlink_send(fd, &batch, &refusal) == 0, "a refusal of an optional message is none of the batch");
  close(fd);
}

int main(void) {
  check_attributes();
  check_bad_lengths();
  check_overflow();
  check_refusals();
  return done();
}
