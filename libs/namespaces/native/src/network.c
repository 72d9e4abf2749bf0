#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "cleanup.h"
#include "ip_address.h"
#include "ipv6_settings.h"
#include "link.h"
#include "netlink.h"
#include "nftables.h"

enum { STALE_ADDRESSES = 8, WANTED_ADDRESSES = 3 };

/* The addresses of an interface: those that it is to have, and those that it should not have. */
struct addresses {
  uint32_t index;
  struct {
    struct ip_address address; /* maybe none */
    bool present;
  } wanted[WANTED_ADDRESSES];
  unsigned int stale_count;
  struct ip_address stale[STALE_ADDRESSES];
};

/* A bridge as it is to be. */
struct bridge {
  const char *name;
  struct ip_address address;  /* of IPv4; maybe none */
  struct ip_address address6; /* of IPv6; maybe none */
  uint32_t mtu; /* 0 for the kernel's default */
  const char *table; /* whose engine it is marked as one of; empty: of any */
};

/*
 * A hardware address that is the same after each creation, so that neighbours' caches stay true: as Docker's, 02:42 and the IP, of IPv6 its last
 * bytes.
 */
static void put_stable_hardware_address(struct netlink_batch *batch, const struct bridge *bridge) {
  uint8_t hardware[HARDWARE_ADDRESS_SIZE] = {0x02, 0x42};
  const struct ip_address *address = ip_address_is_set(&bridge->address) ? &bridge->address : &bridge->address6;
  size_t size = ip_address_size(address);
  if (size == 0) return;
  memcpy(hardware + 2, address->v6.s6_addr + size - 4, 4);
  netlink_put(batch, IFLA_ADDRESS, hardware, sizeof hardware);
}

static int create_bridge(int fd, const struct bridge *bridge, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  const uint32_t index = link_choose_index();
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
  netlink_begin(&batch);
  netlink_message(&batch, "create the bridge", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  netlink_put_string(&batch, IFLA_IFNAME, bridge->name);
  if (bridge->mtu != 0) netlink_put_u32(&batch, IFLA_MTU, bridge->mtu);
  put_stable_hardware_address(&batch, bridge);
  size_t information = netlink_nest(&batch, IFLA_LINKINFO);
  netlink_put_string(&batch, IFLA_INFO_KIND, "bridge");
  size_t data = netlink_nest(&batch, IFLA_INFO_DATA);
  netlink_put_u32(&batch, IFLA_BR_STP_STATE, 0);
  netlink_nest_end(&batch, data);
  netlink_nest_end(&batch, information);
  link_put_completion(&batch, index, bridge->table, false);
  return netlink_send(fd, &batch, &refusal) < 0 ? link_fail(failure, bridge->name, &refusal) : 0;
}

static int find_or_create_bridge(int fd, const struct bridge *bridge, struct link *link, struct failure *failure) {
  const char *name = bridge->name;
  if (link_find(fd, name, link, failure) < 0) return -1;
  if (link->index == 0 && (create_bridge(fd, bridge, failure) < 0 || link_find(fd, name, link, failure) < 0)) return -1;
  if (!link->is_bridge || !link->is_ours)
    return fail(failure, "network", EEXIST, "interface %s exists and is no bridge of Berth's", name);
  return 0;
}

static void note_address(struct addresses *found, const struct ip_address *address) {
  for (size_t i = 0; i < WANTED_ADDRESSES; i++) {
    if (!ip_address_equals(address, &found->wanted[i].address)) continue;
    found->wanted[i].present = true;
    return;
  }
  if (found->stale_count < STALE_ADDRESSES) found->stale[found->stale_count++] = *address;
}

/* An address of IPv4 has the attribute for its own end, one of IPv6 the other one. */
static void read_address(const struct nlmsghdr *message, void *context) {
  struct addresses *found = context;
  const struct ifaddrmsg *header = NLMSG_DATA(message);
  if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH(sizeof *header) ||
      header->ifa_index != found->index)
    return;
  struct ip_address address = {.family = header->ifa_family, .prefix_length = header->ifa_prefixlen};
  const struct nlattr *value = netlink_find(message, sizeof *header, address.family == AF_INET ? IFA_LOCAL : IFA_ADDRESS);
  size_t size = ip_address_size(&address);
  if (!value || value->nla_len != sizeof *value + size) return;
  memcpy(&address.v6, value + 1, size);
  note_address(found, &address);
}

static int find_addresses(int fd, const char *name, struct addresses *found, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
  netlink_begin(&batch);
  netlink_message(&batch, "list addresses", RTM_GETADDR, NLM_F_DUMP, &header, sizeof header);
  return netlink_query(fd, &batch, read_address, found, &refusal) < 0 ? link_fail(failure, name, &refusal) : 0;
}

/* Gives the bridge these addresses and no others, and sets it up. */
static int settle_bridge(int fd, const char *name, struct addresses *addresses, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  if (find_addresses(fd, name, addresses, failure) < 0) return -1;
  netlink_begin(&batch);
  for (unsigned int i = 0; i < addresses->stale_count; i++)
    link_put_address(&batch, RTM_DELADDR, addresses->index, &addresses->stale[i]);
  for (size_t i = 0; i < WANTED_ADDRESSES; i++)
    if (!addresses->wanted[i].present && ip_address_is_set(&addresses->wanted[i].address))
      link_put_address(&batch, RTM_NEWADDR, addresses->index, &addresses->wanted[i].address);
  link_change(&batch, "set the bridge up", name, true);
  return netlink_send(fd, &batch, &refusal) < 0 ? link_fail(failure, name, &refusal) : 0;
}

static int ensure_bridge(const struct bridge *bridge, struct failure *failure) {
  struct addresses addresses = {.wanted = {{bridge->address, false}, {bridge->address6, false}}};
  bool has_ipv6 = ip_address_is_set(&bridge->address6);
  struct link link;
  cleanup_close int fd = link_open(failure);
  if (fd < 0 || find_or_create_bridge(fd, bridge, &link, failure) < 0) return -1;
  if (ipv6_settings_for_bridge(bridge->name, has_ipv6, failure) < 0) return -1;
  addresses.index = link.index;
  if (has_ipv6) addresses.wanted[2].address = ip_address_of_link(link.hardware);
  if (settle_bridge(fd, bridge->name, &addresses, failure) < 0) return -1;
  return has_ipv6 ? link_await_address(fd, &bridge->address6, failure) : 0;
}

static int enable_forwarding(struct failure *failure) {
  static const char path[] = "/proc/sys/net/ipv4/ip_forward";
  char state = '0';
  cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0 || read(fd, &state, 1) < 0) return fail(failure, "network", errno, "open %s", path);
  if (state != '0') return 0;
  return pwrite(fd, "1", 1, 0) == 1 ? 0 : fail(failure, "network", errno, "write %s", path);
}

int network_ensure(const Berth__Native__V1__EnsureNetwork *network, struct failure *failure) {
  struct bridge bridge = {.name = network->bridge, .table = ""};
  if (!link_is_name(network->bridge) || network->table[0] == '\0')
    return fail(failure, "network", EINVAL, "bad name of a bridge or a table");
  if (ip_address_read(&bridge.address, AF_INET, network->address, network->prefix_length) < 0 ||
      !ip_address_is_set(&bridge.address) || network->prefix_length > 30)
    return fail(failure, "network", EINVAL, "bad address of bridge %s", network->bridge);
  if (ensure_bridge(&bridge, failure) < 0 || nftables_ensure(network->table, failure) < 0 ||
      nftables_add_bridge(network->table, network->bridge, NFTABLES_MASQUERADE, failure) < 0)
    return -1;
  return network->forward ? enable_forwarding(failure) : 0;
}

int network_ensure_bridge(const Berth__Native__V1__EnsureBridge *plan, struct failure *failure) {
  struct bridge bridge = {.name = plan->bridge, .mtu = plan->mtu, .table = plan->table};
  unsigned int flags = (plan->masquerade ? NFTABLES_MASQUERADE : 0) | (plan->internal ? NFTABLES_INTERNAL : 0);
  if (!link_is_name(plan->bridge) || plan->table[0] == '\0')
    return fail(failure, "network", EINVAL, "bad name of a bridge or a table");
  if (ip_address_read(&bridge.address, AF_INET, plan->address, plan->prefix_length) < 0 ||
      ip_address_read(&bridge.address6, AF_INET6, plan->address6, plan->prefix_length6) < 0 || bridge.address.prefix_length > 31)
    return fail(failure, "network", EINVAL, "bad address of bridge %s", plan->bridge);
  /* Before the bridge: what is in no set of the table would be let through. */
  if (nftables_add_bridge(plan->table, plan->bridge, flags, failure) < 0) return -1;
  if (ensure_bridge(&bridge, failure) < 0) return -1;
  return plan->forward6 ? ipv6_settings_forward(failure) : 0;
}

int network_loopback_up(struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  cleanup_close int fd = link_open(failure);
  if (fd < 0) return -1;
  netlink_begin(&batch);
  link_change(&batch, "set it up", "lo", true);
  return netlink_send(fd, &batch, &refusal) < 0 ? link_fail(failure, "lo", &refusal) : 0;
}

int network_detach(const char *host_name, struct failure *failure) {
  struct link link;
  cleanup_close int fd = link_open(failure);
  if (fd < 0 || link_find(fd, host_name, &link, failure) < 0) return -1;
  if (link.index == 0) return 0;
  if (!link.is_veth) return fail(failure, "network", EINVAL, "interface %s is no veth", host_name);
  return link_delete(fd, link.index, host_name, failure);
}

static int remove_bridge(const char *name, struct failure *failure) {
  struct link link;
  cleanup_close int fd = link_open(failure);
  if (fd < 0 || link_find(fd, name, &link, failure) < 0) return -1;
  if (link.index == 0) return 0;
  if (!link.is_bridge || !link.is_ours) return fail(failure, "network", EEXIST, "interface %s is no bridge of Berth's", name);
  return link_delete(fd, link.index, name, failure);
}

int network_remove_bridge(const Berth__Native__V1__RemoveBridge *plan, struct failure *failure) {
  struct link link;
  if (!link_is_name(plan->bridge) || plan->table[0] == '\0')
    return fail(failure, "network", EINVAL, "bad name of a bridge or a table");
  cleanup_close int fd = link_open(failure);
  if (fd < 0 || link_find(fd, plan->bridge, &link, failure) < 0) return -1;
  bool goes = link.index != 0 && (link_is_of(&link, plan->table) || (link.is_bridge && link.is_ours));
  if (goes && link_delete(fd, link.index, plan->bridge, failure) < 0) return -1;
  return nftables_remove_bridge(plan->table, plan->bridge, failure);
}

static int remove_marked(const char *table, struct failure *failure) {
  uint32_t indexes[32];
  cleanup_close int fd = link_open(failure);
  if (fd < 0) return -1;
  for (;;) {
    int count = link_find_marked(fd, table, indexes, sizeof indexes / sizeof indexes[0], failure);
    if (count <= 0) return count;
    for (int i = 0; i < count; i++)
      if (link_delete(fd, indexes[i], table, failure) < 0) return -1;
  }
}

int network_remove(const Berth__Native__V1__RemoveNetwork *network, struct failure *failure) {
  if (network->bridge[0] && remove_bridge(network->bridge, failure) < 0) return -1;
  if (!network->table[0]) return 0;
  return remove_marked(network->table, failure) < 0 ? -1 : nftables_remove(network->table, failure);
}
