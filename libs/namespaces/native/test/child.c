/* Interfaces without a host's end, and their parents. A kernel that lacks a kind of them says so; it is tested on others in the virtual machine. */
#include "child.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "network.h"
#include "packets.h"
#include "parent.h"

enum { ROUTES_SIZE = 1024 };

static Berth__Native__V1__EnsureParent parent_of(char *name, char *kind) {
  Berth__Native__V1__EnsureParent parent = BERTH__NATIVE__V1__ENSURE_PARENT__INIT;
  parent.name = name;
  parent.kind = kind;
  parent.link = "brt0";
  parent.vlan_id = 7;
  parent.table = "berthtest";
  parent.child_kind = "macvlan";
  return parent;
}

static bool removed(char *name, char *table) {
  Berth__Native__V1__RemoveBridge parent = BERTH__NATIVE__V1__REMOVE_BRIDGE__INIT;
  parent.bridge = name;
  parent.table = table;
  return succeeded(network_remove_bridge(&parent, &failure)) && if_nametoindex(name) == 0;
}

static bool holds_u16(const struct nlattr *attribute, uint16_t value) {
  return attribute && attribute->nla_len == sizeof *attribute + sizeof value && memcmp(attribute + 1, &value, sizeof value) == 0;
}

/* As `ip link add link #5 name eth0 type ipvlan mode l3s private` says it. */
static void check_ipvlan_message(void) {
  Berth__Native__V1__NetworkInterface interface = interface_of("none", "brt0", "10.98.0.2", "");
  struct netlink_batch batch;
  interface.kind = "ipvlan";
  interface.mode = IPVLAN_MODE_L3S;
  interface.flags = IPVLAN_F_PRIVATE;
  interface.hardware_address.len = 0;
  netlink_begin(&batch);
  child_put(&batch, &interface, 5, 3);
  const struct nlmsghdr *message = (const void *)batch.bytes;
  const struct nlattr *information = netlink_find(message, sizeof(struct ifinfomsg), IFLA_LINKINFO);
  const struct nlattr *data = netlink_find_nested(information, IFLA_INFO_DATA);
  check(netlink_is_string(netlink_find_nested(information, IFLA_INFO_KIND), "ipvlan") &&
            !netlink_find(message, sizeof(struct ifinfomsg), IFLA_ADDRESS),
        "an ipvlan interface has its parent's hardware address");
  check(holds_u16(netlink_find_nested(data, IFLA_IPVLAN_MODE), 2) && holds_u16(netlink_find_nested(data, IFLA_IPVLAN_FLAGS), 1),
        "its mode and its flags have the kernel's sizes");
}

/* One that the kernel can make is there, marked, and removed by its engine alone; another is told with what the kernel needs. */
static void check_made(char *name, char *kind, const char *needed) {
  Berth__Native__V1__EnsureParent parent = parent_of(name, kind);
  if (parent_ensure(&parent, &failure) == 0) {
    check(if_nametoindex(name) != 0 && succeeded(parent_ensure(&parent, &failure)) && !removed(name, "others") &&
              removed(name, "berthtest") && removed(name, "berthtest"),
          "a parent is made once, and removed by its engine");
  } else {
    check(failure.error == EOPNOTSUPP && strstr(failure.detail, needed) != NULL && if_nametoindex(name) == 0,
          "a kernel that cannot make a parent says what it needs");
  }
}

static void check_parents(void) {
  Berth__Native__V1__EnsureParent missing = parent_of("nosuch", "");
  Berth__Native__V1__EnsureParent other = parent_of("brt0", "");
  Berth__Native__V1__EnsureParent foreign = parent_of("lo", "dummy");
  Berth__Native__V1__EnsureParent nowhere = parent_of("nosuch.7", "vlan");
  Berth__Native__V1__EnsureParent bad[] = {parent_of("a/b", ""), parent_of("brt0", "bond"), parent_of("brt0.0", "vlan"),
                                           parent_of("brt0", "")};
  nowhere.link = "nosuch";
  bad[2].vlan_id = 4095;
  bad[3].child_kind = "veth";
  check(succeeded(parent_ensure(&other, &failure)), "an interface that exists is a parent");
  check(parent_ensure(&missing, &failure) == -1 && failure.error == ENODEV, "one that does not exist is told");
  check(parent_ensure(&nowhere, &failure) == -1 && failure.error == ENODEV, "so is one on an interface that does not");
  check(parent_ensure(&foreign, &failure) == -1 && failure.error == EEXIST, "a foreign interface is not taken for one of ours");
  check(!removed("lo", "berthtest"), "and not removed");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    check(parent_ensure(&bad[i], &failure) == -1 && failure.error == EINVAL, "a bad parent is refused");
  check_made("dm-1", "dummy", "CONFIG_DUMMY");
  check_made("brt0.7", "vlan", "CONFIG_VLAN_8021Q");
}

static void check_missing_kind(void) {
  Berth__Native__V1__NetworkInterface interface = interface_of("none", "brt0", "10.98.0.2", "");
  const struct netlink_refusal refusal = {.error = EOPNOTSUPP, .purpose = "", .message = ""};
  interface.kind = "ipvlan";
  check(child_fail(&failure, &interface, &refusal) == -1 && strstr(failure.detail, "CONFIG_IPVLAN") != NULL,
        "a kernel without ipvlan says what it needs");
}

static Berth__Native__V1__NetworkInterface macvlan_of(uint8_t number, char *address, char *gateway, uint32_t mode) {
  static uint8_t hardware[8][6];
  Berth__Native__V1__NetworkInterface interface = interface_of("none", "brt0", address, gateway);
  memcpy(hardware[number], (const uint8_t[]){0x02, 0x42, 0x0a, 1, 0, number}, 6);
  interface.hardware_address.data = hardware[number];
  interface.kind = "macvlan";
  interface.mode = mode;
  return interface;
}

static bool has_route(int namespace, const char *line) {
  char text[ROUTES_SIZE] = "";
  enter(namespace);
  FILE *file = fopen("/proc/thread-self/net/route", "re");
  if (file) text[fread(text, 1, sizeof text - 1, file)] = '\0';
  if (file) (void)fclose(file);
  enter(host);
  return strstr(text, line) != NULL;
}

static void check_more(int namespace) {
  Berth__Native__V1__NetworkInterface interface = interface_of("vt2", "brt0", "10.98.0.7", "");
  Berth__Native__V1__FileValue value = BERTH__NATIVE__V1__FILE_VALUE__INIT;
  Berth__Native__V1__FileValue *values[] = {&value};
  char *addresses[] = {"169.254.7.7", "fe80::7"};
  interface.n_link_local_addresses = 2;
  interface.link_local_addresses = addresses;
  interface.n_sysctls = 1;
  interface.sysctls = values;
  value.path = "net/ipv4/conf/eth0/nosuch";
  value.value = "7";
  check(network_attach(&interface, namespace, &failure) == -1 && strcmp(failure.step, "sysctl") == 0 && if_nametoindex("vt2") == 0,
        "a kernel parameter that there is not leaves no interface");
  value.path = "net/../kernel/panic";
  check(network_attach(&interface, namespace, &failure) == -1 && failure.error == EINVAL, "one that is none of the network is refused");
  value.path = "net/ipv4/conf/eth0/tag";
  check(succeeded(network_attach(&interface, namespace, &failure)), "an interface with more addresses and a parameter");
  enter(namespace);
  FILE *file = fopen("/proc/sys/net/ipv4/conf/eth0/tag", "re");
  check(file && fgetc(file) == '7', "has the parameter");
  if (file) (void)fclose(file);
  enter(host);
  int there = udp_in(namespace);
  check(send_to(there, "169.254.7.7") && arrives_from(there, "169.254.7.7"), "and the address");
  close(there);
}

static void check_children(int first, int second) {
  Berth__Native__V1__NetworkInterface alone = macvlan_of(1, "10.98.0.2", "", MACVLAN_MODE_PASSTHRU);
  Berth__Native__V1__NetworkInterface more = macvlan_of(2, "10.98.0.3", "0.0.0.0", MACVLAN_MODE_PASSTHRU);
  Berth__Native__V1__NetworkInterface port = macvlan_of(3, "10.98.0.4", "", MACVLAN_MODE_BRIDGE);
  check(succeeded(network_attach(&alone, first, &failure)), "an interface is alone on its parent in passthru mode");
  check(network_attach(&more, second, &failure) == -1 && failure.error == EBUSY && strstr(failure.detail, "passthru") != NULL,
        "a second one is told why it cannot be");
  check(succeeded(network_detach_inside("eth0", first, &failure)) && succeeded(network_attach(&more, second, &failure)),
        "and can be when the first is gone");
  check(has_route(second, "eth0\t00000000\t00000000\t0001\t"), "a gateway of zeros is a route to all that is on the link");
  const struct network_routes back = {.gateway = "0.0.0.0", .gateway6 = "", .interface = "lo", .interface6 = ""};
  check(succeeded(network_route(&back, second, &failure)) && has_route(second, "lo\t00000000\t00000000\t0001\t"),
        "which goes over to another interface");
  port.bridge = "vt1";
  check(network_attach(&port, first, &failure) == -1 && failure.error == EBUSY, "a port of a bridge is no parent");
}

int main(void) {
  Berth__Native__V1__NetworkInterface veth = interface_of("vt1", "brt0", "10.98.0.9", "");
  Berth__Native__V1__EnsureNetwork network = network_of("brt0", "10.98.0.1", "berthtest");
  host = new_namespace();
  if (host < 0) {
    perror("# a network namespace");
    return 2;
  }
  int first = new_container();
  int second = new_container();
  int third = new_container();
  check(succeeded(network_ensure(&network, &failure)) && succeeded(network_attach(&veth, third, &failure)), "a bridge with a port");
  check_ipvlan_message();
  check_missing_kind();
  check_parents();
  check_children(first, second);
  check_more(new_container());
  return done();
}
