#include "child.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kinds.h"
#include "link.h"

static bool is_ipvlan(const char *kind) {
  return strcmp(kind, "ipvlan") == 0;
}

bool child_is_kind(const char *kind) {
  return strcmp(kind, "macvlan") == 0 || is_ipvlan(kind);
}

static void put_u16(struct netlink_batch *batch, uint16_t type, uint32_t value) {
  const uint16_t half = (uint16_t)value;
  netlink_put(batch, type, &half, sizeof half);
}

static void put_data(struct netlink_batch *batch, const Berth__Native__V1__NetworkInterface *interface) {
  size_t data = netlink_nest(batch, IFLA_INFO_DATA);
  if (is_ipvlan(interface->kind)) {
    put_u16(batch, IFLA_IPVLAN_MODE, interface->mode);
    put_u16(batch, IFLA_IPVLAN_FLAGS, interface->flags);
  } else {
    netlink_put_u32(batch, IFLA_MACVLAN_MODE, interface->mode);
  }
  netlink_nest_end(batch, data);
}

void child_put(struct netlink_batch *batch, const Berth__Native__V1__NetworkInterface *interface, uint32_t parent, int target) {
  const ProtobufCBinaryData *hardware = &interface->hardware_address;
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  netlink_message(batch, "create it on its parent", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  netlink_put_string(batch, IFLA_IFNAME, interface->name);
  netlink_put_u32(batch, IFLA_LINK, parent);
  netlink_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)target);
  if (interface->mtu != 0) netlink_put_u32(batch, IFLA_MTU, interface->mtu);
  if (hardware->len > 0) netlink_put(batch, IFLA_ADDRESS, hardware->data, hardware->len);
  size_t information = netlink_nest(batch, IFLA_LINKINFO);
  netlink_put_string(batch, IFLA_INFO_KIND, interface->kind);
  put_data(batch, interface);
  netlink_nest_end(batch, information);
}

/* A parent has children of one kind, and none beside one that has all of it. */
int child_fail(struct failure *failure, const Berth__Native__V1__NetworkInterface *interface, const struct netlink_refusal *refusal) {
  const char *parent = interface->bridge;
  if (kinds_is_missing(refusal)) return kinds_fail(failure, interface->kind);
  if (refusal->error == EBUSY) return fail(failure, "network", EBUSY, "parent %s is in use by a bridge, or by interfaces of another kind", parent);
  if (refusal->error == EINVAL && interface->mode == MACVLAN_MODE_PASSTHRU && !is_ipvlan(interface->kind))
    return fail(failure, "network", EBUSY, "parent %s has an interface: one in passthru mode is alone on it", parent);
  if (refusal->error == EINVAL) return fail(failure, "network", EINVAL, "interfaces of kind %s cannot be on parent %s", interface->kind, parent);
  return link_fail(failure, parent, refusal);
}
