#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { READINESS_TRIES = 4000, FIRST_CHOSEN_INDEX = 1 << 30 };

static const char MARK[] = "berth";
static const char NO_LINK_LOCAL[] = "keep it from an address of its own";

bool link_is_name(const char *name) {
  size_t size = strnlen(name, IFNAMSIZ);
  if (size == 0 || size == IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return false;
  for (size_t i = 0; i < size; i++)
    if (name[i] <= ' ' || name[i] == '/' || name[i] == ':' || name[i] > '~') return false;
  return true;
}

int link_fail(struct failure *failure, const char *name, const struct netlink_refusal *refusal) {
  return fail(failure, "network", refusal->error, "interface %s: %s%s%s", name, refusal->purpose, refusal->message[0] ? ": " : "",
              refusal->message);
}

int link_open(struct failure *failure) {
  int fd = netlink_open(NETLINK_ROUTE);
  return fd < 0 ? fail(failure, "network", errno, "open a netlink socket") : fd;
}

/* The mark alone, or with the table of the engine behind it. */
static bool is_mark(const char *alias) {
  size_t length = sizeof MARK - 1;
  return strncmp(alias, MARK, length) == 0 && (alias[length] == '\0' || (alias[length] == '/' && alias[length + 1] != '\0'));
}

/* Empty for a longer one, which is no mark. */
static void read_alias(const struct nlattr *alias, struct link *link) {
  size_t size = alias ? alias->nla_len - sizeof *alias : 0;
  if (size > 0 && size <= sizeof link->alias && ((const char *)(alias + 1))[size - 1] == '\0') memcpy(link->alias, alias + 1, size);
  link->is_ours = is_mark(link->alias);
}

static void read_link(const struct nlmsghdr *message, void *context) {
  struct link *link = context;
  const struct ifinfomsg *header = NLMSG_DATA(message);
  if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof *header)) return;
  const struct nlattr *information = netlink_find(message, sizeof *header, IFLA_LINKINFO);
  const struct nlattr *kind = information ? netlink_find_nested(information, IFLA_INFO_KIND) : NULL;
  link->index = (uint32_t)header->ifi_index;
  link->is_bridge = netlink_is_string(kind, "bridge");
  link->is_veth = netlink_is_string(kind, "veth");
  read_alias(netlink_find(message, sizeof *header, IFLA_IFALIAS), link);
  const struct nlattr *hardware = netlink_find(message, sizeof *header, IFLA_ADDRESS);
  if (hardware && hardware->nla_len == sizeof *hardware + sizeof link->hardware)
    memcpy(link->hardware, hardware + 1, sizeof link->hardware);
}

int link_find(int fd, const char *name, struct link *link, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  *link = (struct link){0};
  netlink_begin(&batch);
  netlink_message(&batch, "look it up", RTM_GETLINK, 0, &header, sizeof header);
  netlink_put_string(&batch, IFLA_IFNAME, name);
  if (netlink_query(fd, &batch, read_link, link, &refusal) == 0 || refusal.error == ENODEV) return 0;
  return link_fail(failure, name, &refusal);
}

static void change_index(struct netlink_batch *batch, const char *purpose, uint32_t index, bool up) {
  struct ifinfomsg header = {
      .ifi_family = AF_UNSPEC, .ifi_index = (int)index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = up ? IFF_UP : 0};
  netlink_message(batch, purpose, RTM_SETLINK, 0, &header, sizeof header);
}

void link_change(struct netlink_batch *batch, const char *purpose, const char *name, bool up) {
  change_index(batch, purpose, 0, up);
  netlink_put_string(batch, IFLA_IFNAME, name);
}

static void format_mark(char mark[LINK_MARK_SIZE], const char *table) {
  (void)snprintf(mark, LINK_MARK_SIZE, "%s%s%s", MARK, table[0] == '\0' ? "" : "/", table);
}

void link_put_mark(struct netlink_batch *batch, const char *table) {
  char mark[LINK_MARK_SIZE];
  format_mark(mark, table);
  netlink_put_string(batch, IFLA_IFALIAS, mark);
}

bool link_is_of(const struct link *link, const char *table) {
  char mark[LINK_MARK_SIZE];
  format_mark(mark, table);
  return strcmp(link->alias, mark) == 0;
}

struct found {
  char mark[LINK_MARK_SIZE];
  uint32_t *indexes;
  size_t capacity;
  size_t count;
};

static void collect_marked(const struct nlmsghdr *message, void *context) {
  struct found *found = context;
  const struct ifinfomsg *header = NLMSG_DATA(message);
  if (message->nlmsg_type != RTM_NEWLINK || found->count == found->capacity) return;
  if (netlink_is_string(netlink_find(message, sizeof *header, IFLA_IFALIAS), found->mark))
    found->indexes[found->count++] = (uint32_t)header->ifi_index;
}

int link_find_marked(int fd, const char *table, uint32_t *indexes, size_t capacity, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  struct found found = {.indexes = indexes, .capacity = capacity};
  format_mark(found.mark, table);
  netlink_begin(&batch);
  netlink_message(&batch, "list interfaces", RTM_GETLINK, NLM_F_DUMP, &header, sizeof header);
  if (netlink_query(fd, &batch, collect_marked, &found, &refusal) < 0) return link_fail(failure, table, &refusal);
  return (int)found.count;
}

/*
 * A message of its own, before the one that sets the interface up: the kernel heeds this attribute last in a message, and only when an
 * interface exists.
 */
static void put_no_link_local(struct netlink_batch *batch) {
  uint8_t none = IN6_ADDR_GEN_MODE_NONE;
  size_t families = netlink_nest(batch, IFLA_AF_SPEC);
  size_t inet6 = netlink_nest(batch, AF_INET6);
  netlink_put(batch, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
  netlink_nest_end(batch, inet6);
  netlink_nest_end(batch, families);
  netlink_optional(batch);
}

void link_put_no_link_local(struct netlink_batch *batch, const char *name) {
  link_change(batch, NO_LINK_LOCAL, name, false);
  put_no_link_local(batch);
}

/* One that is taken is refused. Those that the kernel gives by itself begin at 1. */
uint32_t link_choose_index(void) {
  uint32_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) number = (uint32_t)getpid();
  return FIRST_CHOSEN_INDEX | (number & (FIRST_CHOSEN_INDEX - 1));
}

void link_put_completion(struct netlink_batch *batch, uint32_t index, const char *table, bool up) {
  change_index(batch, NO_LINK_LOCAL, index, false);
  put_no_link_local(batch);
  change_index(batch, "mark it", index, up);
  link_put_mark(batch, table);
}

/* The kernel heeds what it calls a slave's data in this type of message only. */
void link_put_hairpin(struct netlink_batch *batch, const char *name) {
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  const uint8_t on = 1;
  netlink_message(batch, "let it reach itself", RTM_NEWLINK, 0, &header, sizeof header);
  netlink_put_string(batch, IFLA_IFNAME, name);
  size_t information = netlink_nest(batch, IFLA_LINKINFO);
  netlink_put_string(batch, IFLA_INFO_SLAVE_KIND, "bridge");
  size_t data = netlink_nest(batch, IFLA_INFO_SLAVE_DATA);
  netlink_put(batch, IFLA_BRPORT_MODE, &on, sizeof on);
  netlink_nest_end(batch, data);
  netlink_nest_end(batch, information);
}

/* The one that all interfaces of a network hear; 0 for a network that is too small for it. */
static uint32_t broadcast_address(const struct ip_address *address) {
  uint32_t host_bits = address->prefix_length >= 31 ? 0 : UINT32_MAX >> address->prefix_length;
  return host_bits == 0 ? 0 : address->v4.s_addr | htonl(host_bits);
}

void link_put_address(struct netlink_batch *batch, uint16_t type, uint32_t index, const struct ip_address *address) {
  struct ifaddrmsg header = {.ifa_family = address->family,
                             .ifa_prefixlen = address->prefix_length,
                             .ifa_scope = RT_SCOPE_UNIVERSE,
                             .ifa_index = index};
  bool adds = type == RTM_NEWADDR;
  size_t size = ip_address_size(address);
  netlink_message(batch, adds ? "add an address" : "delete an address", type, adds ? NLM_F_CREATE | NLM_F_REPLACE : 0, &header,
                  sizeof header);
  netlink_put(batch, IFA_LOCAL, &address->v6, size);
  netlink_put(batch, IFA_ADDRESS, &address->v6, size);
  if (!adds) return;
  uint32_t broadcast = address->family == AF_INET ? broadcast_address(address) : 0;
  if (broadcast != 0) netlink_put(batch, IFA_BROADCAST, &broadcast, sizeof broadcast);
  if (address->family == AF_INET6) netlink_put_u32(batch, IFA_FLAGS, IFA_F_NODAD);
}

static void note_local_route(const struct nlmsghdr *message, void *context) {
  const struct rtmsg *header = NLMSG_DATA(message);
  if (message->nlmsg_type == RTM_NEWROUTE && message->nlmsg_len >= NLMSG_LENGTH(sizeof *header))
    *(bool *)context = header->rtm_type == RTN_LOCAL;
}

int link_await_address(int fd, const struct ip_address *address, struct failure *failure) {
  static const struct timespec pause = {.tv_nsec = 50000};
  struct rtmsg header = {.rtm_family = address->family, .rtm_dst_len = (uint8_t)(8 * ip_address_size(address))};
  for (int i = 0; i < READINESS_TRIES; i++) {
    struct netlink_batch batch;
    struct netlink_refusal refusal;
    bool received = false;
    netlink_begin(&batch);
    netlink_message(&batch, "look whether its address is ready", RTM_GETROUTE, 0, &header, sizeof header);
    netlink_put(&batch, RTA_DST, &address->v6, ip_address_size(address));
    if (netlink_query(fd, &batch, note_local_route, &received, &refusal) < 0 && refusal.error != ENETUNREACH)
      return link_fail(failure, "of an address", &refusal);
    if (received) return 0;
    (void)nanosleep(&pause, NULL);
  }
  return 0;
}

int link_delete(int fd, uint32_t index, const char *name, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
  netlink_begin(&batch);
  netlink_message(&batch, "delete it", RTM_DELLINK, 0, &header, sizeof header);
  if (netlink_send(fd, &batch, &refusal) == 0 || refusal.error == ENODEV) return 0;
  return link_fail(failure, name, &refusal);
}
