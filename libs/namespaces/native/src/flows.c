#include "flows.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"

enum {
  FLOWS_AT_ONCE = 20,    /* as many as fit into a batch */
  TUPLE_SIZE_MAX = 80,   /* of one side of a flow */
  ROUNDS_MAX = 1000,     /* a sender that begins anew as fast as it is forgotten must not hold us up */
  FILTER_PROTOCOL = 1 << 3, /* the kernel's CTA_FILTER_F_CTA_PROTO_NUM, which has no name outside of it */
};

/* One side of a flow. */
struct side {
  union published_address source;
  union published_address destination;
  uint8_t protocol;
  in_port_t source_port;
  in_port_t destination_port;
};

struct search {
  int family;
  const struct published_port *ports;
  size_t port_count;
  bool (*matches)(const struct published_port *port, const struct side *original, const struct side *reply);
  size_t found;
  char tuples[FLOWS_AT_ONCE][TUPLE_SIZE_MAX]; /* attributes CTA_TUPLE_ORIG, as they came */
};

static bool read_value(const struct nlattr *parent, uint16_t type, void *value, size_t size) {
  const struct nlattr *attribute = parent ? netlink_find_nested(parent, type) : NULL;
  if (!attribute || attribute->nla_len != sizeof *attribute + size) return false;
  memcpy(value, attribute + 1, size);
  return true;
}

static bool read_addresses(const struct nlattr *addresses, int family, struct side *side) {
  if (family == AF_INET6)
    return read_value(addresses, CTA_IP_V6_SRC, &side->source.ipv6, sizeof side->source.ipv6) &&
           read_value(addresses, CTA_IP_V6_DST, &side->destination.ipv6, sizeof side->destination.ipv6);
  return read_value(addresses, CTA_IP_V4_SRC, &side->source.ipv4, sizeof side->source.ipv4) &&
         read_value(addresses, CTA_IP_V4_DST, &side->destination.ipv4, sizeof side->destination.ipv4);
}

static bool read_side(const struct nlattr *tuple, int family, struct side *side) {
  *side = (struct side){0};
  const struct nlattr *addresses = tuple ? netlink_find_nested(tuple, CTA_TUPLE_IP) : NULL;
  const struct nlattr *protocol = tuple ? netlink_find_nested(tuple, CTA_TUPLE_PROTO) : NULL;
  return read_addresses(addresses, family, side) &&
         read_value(protocol, CTA_PROTO_NUM, &side->protocol, sizeof side->protocol) &&
         read_value(protocol, CTA_PROTO_SRC_PORT, &side->source_port, sizeof side->source_port) &&
         read_value(protocol, CTA_PROTO_DST_PORT, &side->destination_port, sizeof side->destination_port);
}

static void visit_flow(const struct nlmsghdr *message, void *context) {
  struct search *search = context;
  const struct nlattr *tuple = netlink_find(message, sizeof(struct nfgenmsg), CTA_TUPLE_ORIG);
  struct side original;
  struct side reply;
  if (search->found == FLOWS_AT_ONCE || !read_side(tuple, search->family, &original) || original.protocol != IPPROTO_UDP ||
      !read_side(netlink_find(message, sizeof(struct nfgenmsg), CTA_TUPLE_REPLY), search->family, &reply) || tuple->nla_len > TUPLE_SIZE_MAX)
    return;
  for (size_t i = 0; i < search->port_count; i++) {
    if (search->ports[i].family != search->family || search->ports[i].protocol != IPPROTO_UDP || !search->matches(&search->ports[i], &original, &reply)) continue;
    memcpy(search->tuples[search->found++], tuple, tuple->nla_len);
    return;
  }
}

static void put_message(struct netlink_batch *batch, int family, uint16_t type, uint16_t flags) {
  struct nfgenmsg header = {.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0};
  netlink_message(batch, "look at flows", (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), flags, &header, sizeof header);
}

/* Lists the flows of UDP; a kernel that knows no filter lists all. */
static void find_flows(int fd, struct search *search) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  const uint8_t protocol = IPPROTO_UDP;
  netlink_begin(&batch);
  put_message(&batch, search->family, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
  size_t tuple = netlink_nest(&batch, CTA_TUPLE_ORIG);
  size_t nest = netlink_nest(&batch, CTA_TUPLE_PROTO);
  netlink_put(&batch, CTA_PROTO_NUM, &protocol, sizeof protocol);
  netlink_nest_end(&batch, nest);
  netlink_nest_end(&batch, tuple);
  size_t filter = netlink_nest(&batch, CTA_FILTER);
  netlink_put_u32(&batch, CTA_FILTER_ORIG_FLAGS, FILTER_PROTOCOL);
  netlink_put_u32(&batch, CTA_FILTER_REPLY_FLAGS, 0);
  netlink_nest_end(&batch, filter);
  search->found = 0;
  (void)netlink_query(fd, &batch, visit_flow, search, &refusal);
}

static void forget_found(int fd, const struct search *search) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  netlink_begin(&batch);
  for (size_t i = 0; i < search->found; i++) {
    struct nlattr attribute;
    memcpy(&attribute, search->tuples[i], sizeof attribute);
    put_message(&batch, search->family, IPCTNL_MSG_CT_DELETE, 0);
    netlink_put_raw(&batch, search->tuples[i], attribute.nla_len);
  }
  (void)netlink_send(fd, &batch, &refusal);
}

static void forget_family(int fd, struct search *search) {
  bool has_udp = false;
  for (size_t i = 0; i < search->port_count; i++) {
    const struct published_port *port = &search->ports[i];
    has_udp = has_udp || (port->protocol == IPPROTO_UDP && port->family == search->family);
  }
  if (!has_udp) return;
  for (int round = 0; round < ROUNDS_MAX; round++) {
    find_flows(fd, search);
    if (search->found > 0) forget_found(fd, search);
    if (search->found < FLOWS_AT_ONCE) return;
  }
}

static void forget(int fd, struct search *search) {
  search->family = AF_INET;
  forget_family(fd, search);
  search->family = AF_INET6;
  forget_family(fd, search);
}

static bool is_translated(const struct published_port *port, const struct side *original, const struct side *reply) {
  return original->destination_port == port->host_port && published_addresses_equal(&reply->source, &port->address) &&
         reply->source_port == port->port;
}

/* Only of an address of the host: flows through it to the same port of somebody else stay. */
static bool is_of_host(int family, const union published_address *address) {
  const struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_addr = address->ipv4};
  const struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_addr = address->ipv6};
  const bool is_ipv6 = family == AF_INET6;
  cleanup_close int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd >= 0 && bind(fd, is_ipv6 ? (const struct sockaddr *)&ipv6 : (const struct sockaddr *)&ipv4,
                         is_ipv6 ? sizeof ipv6 : sizeof ipv4) == 0;
}

static bool is_untranslated(const struct published_port *port, const struct side *original, const struct side *reply) {
  bool any = published_address_is_any(&port->host_address);
  return original->destination_port == port->host_port && published_addresses_equal(&reply->source, &original->destination) &&
         (any ? is_of_host(port->family, &original->destination)
              : published_addresses_equal(&original->destination, &port->host_address));
}

void flows_forget_untranslated(int fd, const struct published_port *ports, size_t count) {
  struct search search = {.ports = ports, .port_count = count, .matches = is_untranslated};
  forget(fd, &search);
}

void flows_forget_translated(int fd, const struct published_port *ports, size_t count) {
  struct search search = {.ports = ports, .port_count = count, .matches = is_translated};
  forget(fd, &search);
}
