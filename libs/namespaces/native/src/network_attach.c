/*
 * The interface of a container, in an order that lets the first packet pass. The kernel activates the queue of an interface at once when
 * it goes up with a carrier; without one, a work queue does it some time after the carrier has come. A veth has a carrier when both
 * ends are up. So the outer end goes up first, as a port of the bridge, then the inner one, which is then ready; and the outer end,
 * on which the bridge forwards only when the work queue has seen its carrier, is waited for.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "child.h"
#include "cleanup.h"
#include "ip_address.h"
#include "link.h"
#include "netlink.h"
#include "network.h"
#include "network_inside.h"

enum { READINESS_TRIES = 200, IPV4_BITS = 32, IPV6_BITS = 128, LINK_LOCAL_BITS = 16, LINK_LOCAL6_BITS = 64 };

struct plan {
  const Berth__Native__V1__NetworkInterface *interface;
  struct ip_address address;  /* of IPv4; maybe none */
  struct ip_address address6; /* of IPv6; maybe none */
  struct ip_address gateways[2];
};

/* The gateways of default routes, each of which may be none. */
static int read_gateways(struct ip_address gateways[2], const char *gateway, const char *gateway6, struct failure *failure) {
  if (ip_address_read(&gateways[0], AF_INET, gateway, IPV4_BITS) == 0 &&
      ip_address_read(&gateways[1], AF_INET6, gateway6, IPV6_BITS) == 0)
    return 0;
  return fail(failure, "network", EINVAL, "bad gateway");
}

static int read_plan(struct plan *plan, const Berth__Native__V1__NetworkInterface *interface, struct failure *failure) {
  size_t hardware_size = interface->hardware_address.len;
  *plan = (struct plan){.interface = interface};
  if (!link_is_name(interface->host_name) || !link_is_name(interface->name) || !link_is_name(interface->bridge))
    return fail(failure, "network", EINVAL, "bad name of an interface");
  if (hardware_size != 0 && hardware_size != HARDWARE_ADDRESS_SIZE)
    return fail(failure, "network", EINVAL, "a hardware address of %zu bytes", hardware_size);
  if (ip_address_read(&plan->address, AF_INET, interface->address, interface->prefix_length) < 0 ||
      ip_address_read(&plan->address6, AF_INET6, interface->address6, interface->prefix_length6) < 0 ||
      !(ip_address_is_set(&plan->address) || ip_address_is_set(&plan->address6)))
    return fail(failure, "network", EINVAL, "bad address of interface %s", interface->name);
  return read_gateways(plan->gateways, interface->gateway, interface->gateway6, failure);
}

/* The index of an interface in the namespace of a socket of any family, 0 and errno when there is none. */
static uint32_t index_of(int fd, const char *name) {
  struct ifreq request = {0};
  memcpy(request.ifr_name, name, strnlen(name, sizeof request.ifr_name - 1));
  return ioctl(fd, SIOCGIFINDEX, &request) < 0 ? 0 : (uint32_t)request.ifr_ifindex;
}

static bool has_ipv6(const struct plan *plan) {
  bool found = ip_address_is_set(&plan->address6);
  for (size_t i = 0; i < plan->interface->n_link_local_addresses; i++)
    found = found || strchr(plan->interface->link_local_addresses[i], ':') != NULL;
  return found;
}

static enum network_births births_of(const struct plan *plan) {
  return has_ipv6(plan) ? NETWORK_BIRTHS_WITH_IPV6 : NETWORK_BIRTHS_WITHOUT_IPV6;
}

/* One queue: the kernel would make one for each possible CPU, each with its objects in sysfs, and a veth has no use for them. */
static void put_end(struct netlink_batch *batch, const char *name, uint32_t mtu) {
  netlink_put_string(batch, IFLA_IFNAME, name);
  netlink_put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
  netlink_put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
  if (mtu != 0) netlink_put_u32(batch, IFLA_MTU, mtu);
}

static void put_peer(struct netlink_batch *batch, const struct plan *plan, int target) {
  struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  const ProtobufCBinaryData *hardware = &plan->interface->hardware_address;
  size_t peer = netlink_nest(batch, VETH_INFO_PEER);
  netlink_put_raw(batch, &header, sizeof header);
  put_end(batch, plan->interface->name, plan->interface->mtu);
  netlink_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)target);
  if (hardware->len > 0) netlink_put(batch, IFLA_ADDRESS, hardware->data, hardware->len);
  netlink_nest_end(batch, peer);
}

static int create_pair(int fd, const struct plan *plan, int target, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  netlink_begin(&batch);
  netlink_message(&batch, "create the veth pair", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  put_end(&batch, plan->interface->host_name, plan->interface->mtu);
  size_t information = netlink_nest(&batch, IFLA_LINKINFO);
  netlink_put_string(&batch, IFLA_INFO_KIND, "veth");
  size_t data = netlink_nest(&batch, IFLA_INFO_DATA);
  put_peer(&batch, plan, target);
  netlink_nest_end(&batch, data);
  netlink_nest_end(&batch, information);
  return netlink_send(fd, &batch, &refusal) < 0 ? link_fail(failure, plan->interface->host_name, &refusal) : 0;
}

/* An interface without a host's end: it is born in the namespace, on a parent in ours. */
static int create_child(int fd, const struct plan *plan, uint32_t parent, int target, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  netlink_begin(&batch);
  child_put(&batch, plan->interface, parent, target);
  return netlink_send(fd, &batch, &refusal) < 0 ? child_fail(failure, plan->interface, &refusal) : 0;
}

/* By the interface of that index; 0: by the one that reaches the gateway. A gateway of zeros is none: what is out there is on the link. */
static void put_default_route(struct netlink_batch *batch, uint16_t flags, uint32_t index, const struct ip_address *gateway) {
  const bool on_link = ip_address_is_zero(gateway);
  struct rtmsg header = {.rtm_family = gateway->family,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_scope = on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST};
  if (!ip_address_is_set(gateway)) return;
  netlink_message(batch, "add the default route", RTM_NEWROUTE, NLM_F_CREATE | flags, &header, sizeof header);
  if (!on_link) netlink_put(batch, RTA_GATEWAY, &gateway->v6, ip_address_size(gateway));
  if (index != 0) netlink_put_u32(batch, RTA_OIF, index);
}

/* With the one of its link, which the kernel would hold back for a second. */
static void put_ipv6_addresses(struct netlink_batch *batch, uint32_t index, const struct plan *plan) {
  const ProtobufCBinaryData *hardware = &plan->interface->hardware_address;
  if (!ip_address_is_set(&plan->address6)) return;
  link_put_address(batch, RTM_NEWADDR, index, &plan->address6);
  if (hardware->len == 0) return;
  struct ip_address link = ip_address_of_link(hardware->data);
  link_put_address(batch, RTM_NEWADDR, index, &link);
}

/* Addresses that are of the link alone. */
static int put_link_local_addresses(struct netlink_batch *batch, uint32_t index, const struct plan *plan, struct failure *failure) {
  for (size_t i = 0; i < plan->interface->n_link_local_addresses; i++) {
    const char *text = plan->interface->link_local_addresses[i];
    const bool is_ipv6 = strchr(text, ':') != NULL;
    struct ip_address address;
    if (ip_address_read(&address, is_ipv6 ? AF_INET6 : AF_INET, text, is_ipv6 ? LINK_LOCAL6_BITS : LINK_LOCAL_BITS) < 0)
      return fail(failure, "network", EINVAL, "bad address of interface %s: %s", plan->interface->name, text);
    link_put_address(batch, RTM_NEWADDR, index, &address);
  }
  return 0;
}

static int set_up_inside(int fd, const struct plan *plan, struct failure *failure) {
  const char *name = plan->interface->name;
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  uint32_t index = index_of(fd, name);
  if (index == 0) return fail(failure, "network", errno, "interface %s: find it in its namespace", name);
  netlink_begin(&batch);
  link_change(&batch, "set the loopback up", "lo", true);
  link_put_no_link_local(&batch, name);
  link_change(&batch, "set it up", name, true);
  if (ip_address_is_set(&plan->address)) link_put_address(&batch, RTM_NEWADDR, index, &plan->address);
  put_ipv6_addresses(&batch, index, plan);
  if (put_link_local_addresses(&batch, index, plan, failure) < 0) return -1;
  for (size_t i = 0; i < 2; i++) put_default_route(&batch, NLM_F_EXCL, index, &plan->gateways[i]);
  if (netlink_send(fd, &batch, &refusal) < 0) return link_fail(failure, name, &refusal);
  return ip_address_is_set(&plan->address6) ? link_await_address(fd, &plan->address6, failure) : 0;
}

/* In a message of its own of the family of bridges: the port must be one already. */
static void put_isolation(struct netlink_batch *batch, uint32_t index) {
  struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = (int)index};
  uint8_t isolated = 1;
  netlink_message(batch, "isolate the port", RTM_SETLINK, 0, &header, sizeof header);
  size_t port = netlink_nest(batch, IFLA_PROTINFO);
  netlink_put(batch, IFLA_BRPORT_ISOLATED, &isolated, sizeof isolated);
  netlink_nest_end(batch, port);
}

/* A bridge has no more than 1,023 ports (BR_MAX_PORTS of the kernel). */
static int fail_to_join(struct failure *failure, const char *bridge, const struct netlink_refusal *refusal) {
  if (refusal->error != EXFULL) return link_fail(failure, bridge, refusal);
  return fail(failure, "network", EXFULL, "bridge %s has as many interfaces as a bridge can have: use a further network", bridge);
}

static int join_bridge(int fd, const struct plan *plan, uint32_t bridge, struct failure *failure) {
  const char *name = plan->interface->host_name;
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  netlink_begin(&batch);
  link_put_no_link_local(&batch, name);
  link_change(&batch, "join the bridge", name, true);
  netlink_put_u32(&batch, IFLA_MASTER, bridge);
  if (plan->interface->isolated) put_isolation(&batch, index_of(fd, name));
  return netlink_send(fd, &batch, &refusal) < 0 ? fail_to_join(failure, plan->interface->bridge, &refusal) : 0;
}

/* How many of the interfaces that were asked for are operational. */
static void count_operational(const struct nlmsghdr *message, void *context) {
  unsigned int *operational = context;
  const struct nlattr *state = netlink_find(message, sizeof(struct ifinfomsg), IFLA_OPERSTATE);
  if (state && state->nla_len == sizeof *state + 1 && *(const uint8_t *)(state + 1) == IF_OPER_UP) (*operational)++;
}

static void put_question(struct netlink_batch *batch, const char *name) {
  struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  netlink_message(batch, "look whether it is ready", RTM_GETLINK, 0, &header, sizeof header);
  netlink_put_string(batch, IFLA_IFNAME, name);
  netlink_put_u32(batch, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/*
 * Waits until the bridge forwards on the outer end, and until the bridge itself, which has a carrier only when one of its ports has, is
 * active. From Linux 6.8 on the question itself does the work queue's job (linkwatch_sync_dev); before, it is put a few times. A bridge
 * that is late loses a packet: no reason to fail.
 */
static int await_forwarding(int fd, const Berth__Native__V1__NetworkInterface *interface, struct failure *failure) {
  static const struct timespec pause = {.tv_nsec = 50000};
  for (int i = 0; i < READINESS_TRIES; i++) {
    struct netlink_batch batch;
    struct netlink_refusal refusal;
    unsigned int operational = 0;
    netlink_begin(&batch);
    put_question(&batch, interface->host_name);
    put_question(&batch, interface->bridge);
    if (netlink_query(fd, &batch, count_operational, &operational, &refusal) < 0)
      return link_fail(failure, interface->host_name, &refusal);
    if (operational == 2) return 0;
    (void)nanosleep(&pause, NULL);
  }
  return 0;
}

static int set_up(int outside, int inside, const struct plan *plan, uint32_t bridge, struct failure *failure) {
  if (join_bridge(outside, plan, bridge, failure) < 0 || set_up_inside(inside, plan, failure) < 0) return -1;
  return await_forwarding(outside, plan->interface, failure);
}

static int attach_child(const struct plan *plan, int outside, int inside, int target, struct failure *failure) {
  struct failure undo;
  uint32_t parent = index_of(outside, plan->interface->bridge);
  if (parent == 0) return fail(failure, "network", errno, "parent %s does not exist", plan->interface->bridge);
  if (create_child(outside, plan, parent, target, failure) < 0) return -1;
  if (set_up_inside(inside, plan, failure) == 0) return 0;
  (void)link_delete(inside, index_of(inside, plan->interface->name), plan->interface->name, &undo);
  return -1;
}

int network_detach_inside(const char *name, int target_netns_fd, struct failure *failure) {
  cleanup_close int inside = network_inside_open(target_netns_fd, NETWORK_BIRTHS_NONE, failure);
  if (inside < 0) return -1;
  uint32_t index = index_of(inside, name);
  return index == 0 ? 0 : link_delete(inside, index, name, failure);
}

static int attach(const Berth__Native__V1__NetworkInterface *interface, int target_netns_fd, struct failure *failure) {
  struct plan plan;
  struct failure undo;
  if (read_plan(&plan, interface, failure) < 0) return -1;
  cleanup_close int outside = link_open(failure);
  if (outside < 0) return -1;
  if (interface->kind[0] != '\0') {
    cleanup_close int there = network_inside_open(target_netns_fd, births_of(&plan), failure);
    return there < 0 ? -1 : attach_child(&plan, outside, there, target_netns_fd, failure);
  }
  uint32_t bridge = index_of(outside, interface->bridge);
  if (bridge == 0) return fail(failure, "network", errno, "bridge %s does not exist", interface->bridge);
  cleanup_close int inside = network_inside_open(target_netns_fd, births_of(&plan), failure);
  if (inside < 0 || create_pair(outside, &plan, target_netns_fd, failure) < 0) return -1;
  if (set_up(outside, inside, &plan, bridge, failure) == 0) return 0;
  (void)network_detach(interface->host_name, &undo);
  return -1;
}

int network_attach(const Berth__Native__V1__NetworkInterface *interface, int target_netns_fd, struct failure *failure) {
  struct failure undo;
  if (attach(interface, target_netns_fd, failure) < 0) return -1;
  if (interface->n_sysctls == 0 || network_inside_write(target_netns_fd, interface->n_sysctls, interface->sysctls, failure) == 0) return 0;
  if (interface->kind[0] != '\0') (void)network_detach_inside(interface->name, target_netns_fd, &undo);
  else (void)network_detach(interface->host_name, &undo);
  return -1;
}

int network_route(const struct network_routes *routes, int target_netns_fd, struct failure *failure) {
  const char *const interfaces[] = {routes->interface, routes->interface6};
  struct ip_address gateways[2];
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  if (read_gateways(gateways, routes->gateway, routes->gateway6, failure) < 0) return -1;
  if (!ip_address_is_set(&gateways[0]) && !ip_address_is_set(&gateways[1])) return 0;
  cleanup_close int inside = network_inside_open(target_netns_fd, NETWORK_BIRTHS_NONE, failure);
  if (inside < 0) return -1;
  netlink_begin(&batch);
  for (size_t i = 0; i < 2; i++)
    put_default_route(&batch, NLM_F_REPLACE, interfaces[i][0] ? index_of(inside, interfaces[i]) : 0, &gateways[i]);
  if (netlink_send(inside, &batch, &refusal) == 0) return 0;
  return link_fail(failure, routes->gateway[0] ? routes->gateway : routes->gateway6, &refusal);
}
