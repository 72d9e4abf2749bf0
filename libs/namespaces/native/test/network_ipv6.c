/* Bridges and interfaces with IPv6, alone and beside IPv4, by packets that arrive at the first attempt. */
#include <errno.h>
#include <stdio.h>

#include "network.h"
#include "nftables.h"
#include "packets.h"

enum { ADDRESSES_SIZE = 4096, STARTS = 20 };

static Berth__Native__V1__EnsureBridge bridge_of(char *name, char *address, char *address6) {
  Berth__Native__V1__EnsureBridge bridge = BERTH__NATIVE__V1__ENSURE_BRIDGE__INIT;
  bridge.bridge = name;
  bridge.table = "berthtest";
  bridge.address = address;
  bridge.prefix_length = 24;
  bridge.address6 = address6;
  bridge.prefix_length6 = 64;
  return bridge;
}

/* Hardware addresses differ: those of the link are made of them. */
static Berth__Native__V1__NetworkInterface interface6_of(uint8_t number, char *host_name, char *bridge, char *address6, char *gateway6) {
  static uint8_t hardware[256][6];
  Berth__Native__V1__NetworkInterface interface = interface_of(host_name, bridge, "", "");
  memcpy(hardware[number], (const uint8_t[]){0x02, 0x42, 0x0a, 0, 0, number}, 6);
  interface.hardware_address.data = hardware[number];
  interface.address6 = address6;
  interface.prefix_length6 = 64;
  interface.gateway6 = gateway6;
  return interface;
}

/* What a file of the namespace says. */
static const char *text_in(int namespace, const char *path) {
  static char text[ADDRESSES_SIZE];
  enter(namespace);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  enter(host);
  text[size > 0 ? size : 0] = '\0';
  return text;
}

static bool is_set(const char *interface, const char *key, const char *value) {
  char path[128];
  char line[8];
  (void)snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", interface, key);
  (void)snprintf(line, sizeof line, "%s\n", value);
  return strcmp(text_in(host, path), line) == 0;
}

/* An address as the kernel lists it, with the flag that it was not held back. */
static bool has_address(int namespace, const char *digits_and_flags) {
  return strstr(text_in(namespace, "/proc/thread-self/net/if_inet6"), digits_and_flags) != NULL;
}

static int udp6_in(int namespace) {
  struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
  enter(namespace);
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  enter(host);
  return bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 ? fd : -1;
}

static bool send6_to(int fd, const char *address) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
  inet_pton(AF_INET6, address, &to.sin6_addr);
  return sendto(fd, "hello", 5, 0, (const struct sockaddr *)&to, sizeof to) == 5;
}

static bool arrives6_from(int fd, const char *source) {
  char text[INET6_ADDRSTRLEN];
  char bytes[8];
  struct sockaddr_in6 from;
  socklen_t size = sizeof from;
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  if (poll(&ready, 1, SOON_MS) != 1 || recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size) != 5) return false;
  return strcmp(inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text), source) == 0;
}

static bool route(int container, const char *gateway6) {
  const struct network_routes routes = {.gateway = "", .gateway6 = gateway6, .interface = "", .interface6 = ""};
  return network_route(&routes, container, &failure) == 0;
}

static void check_bridges(void) {
  Berth__Native__V1__EnsureNetwork engine = network_of("brt0", "10.98.0.1", "berthtest");
  Berth__Native__V1__EnsureBridge both = bridge_of("brt1", "10.98.1.1", "fd00:98:1::1");
  Berth__Native__V1__EnsureBridge moved = bridge_of("brt1", "10.98.1.1", "fd00:98:9::1");
  Berth__Native__V1__EnsureBridge alone = bridge_of("brt2", "", "fd00:98:2::1");
  Berth__Native__V1__EnsureBridge bad = bridge_of("brt3", "", "fd00:98:2::g");
  check(succeeded(network_ensure(&engine, &failure)) && succeeded(network_ensure_bridge(&moved, &failure)) &&
            succeeded(network_ensure_bridge(&both, &failure)) && succeeded(network_ensure_bridge(&both, &failure)) &&
            succeeded(network_ensure_bridge(&alone, &failure)),
        "bridges with IPv6 are made, moved, and made again");
  check(has_address(host, "fd000098000100000000000000000001 ") && !has_address(host, "fd000098000900000000000000000001 ") &&
            has_address(host, "fe8000000000000000420afffe620101 "),
        "a bridge has its address and that of its link, and no other");
  check(is_set("brt0", "disable_ipv6", "1") && is_set("brt1", "disable_ipv6", "0"), "a bridge without IPv6 has none at all");
  check(is_set("brt1", "accept_ra", "0"), "a bridge hears no routers");
  check(network_ensure_bridge(&bad, &failure) == -1 && failure.error == EINVAL && if_nametoindex("brt3") == 0, "a bad address is refused");
}

static void check_interfaces(int first, int second, int plain) {
  Berth__Native__V1__NetworkInterface both = interface6_of(2, "vt1", "brt1", "fd00:98:1::2", "fd00:98:1::1");
  Berth__Native__V1__NetworkInterface alone = interface6_of(3, "vt2", "brt1", "fd00:98:1::3", "fd00:98:1::1");
  Berth__Native__V1__NetworkInterface old = interface_of("vt3", "brt1", "10.98.1.4", "10.98.1.1");
  Berth__Native__V1__NetworkInterface none = interface6_of(5, "vt4", "brt1", "", "");
  uint8_t other[] = {0x02, 0x42, 0x0a, 0, 0, 4};
  old.hardware_address.data = other;
  both.address = "10.98.1.2";
  both.gateway = "10.98.1.1";
  check(succeeded(network_attach(&both, first, &failure)) && succeeded(network_attach(&alone, second, &failure)) &&
            succeeded(network_attach(&old, plain, &failure)),
        "interfaces of both families, and of either, are attached");
  check(network_attach(&none, plain, &failure) == -1 && failure.error == EINVAL, "one without an address is refused");
  int here = udp6_in(host);
  int one = udp6_in(first);
  int two = udp6_in(second);
  int four = udp_in(plain);
  int one4 = udp_in(first);
  check(send6_to(one, "fd00:98:1::3") && arrives6_from(two, "fd00:98:1::2"), "the first packet reaches a neighbour");
  check(send6_to(two, "fd00:98:1::1") && arrives6_from(here, "fd00:98:1::3"), "and the host");
  check(send6_to(here, "fd00:98:1::2") && arrives6_from(one, "fd00:98:1::1"), "which reaches the container");
  check(send6_to(one, "::1") && arrives6_from(one, "::1"), "the loopback of a container has IPv6");
  check(one4 < 0, "a socket of both families holds the port");
  check(send6_to(one, "::ffff:10.98.1.4") && arrives_from(four, "10.98.1.2"), "IPv4 works beside it");
  check(has_address(first, "fe8000000000000000420afffe000002 02 40 20 82"),
        "an address of the link is there at once");
  check(!has_address(plain, "eth0") && has_address(plain, "lo"), "a container on a network without IPv6 has it on its loopback alone");
  int sockets[] = {here, one, two, four};
  for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) close(sockets[i]);
}

static void check_routes(int first, int outside) {
  Berth__Native__V1__EnsureBridge far = bridge_of("brt3", "", "fd00:98:3::1");
  Berth__Native__V1__NetworkInterface there = interface6_of(6, "vt5", "brt3", "fd00:98:3::2", "fd00:98:3::1");
  Berth__Native__V1__NetworkInterface second_way = interface6_of(7, "vt6", "brt2", "fd00:98:2::7", "");
  Berth__Native__V1__EnsureBridge way_out = far;
  way_out.forward6 = true;
  second_way.name = "eth1";
  check(succeeded(network_ensure_bridge(&far, &failure)) && is_set("all", "forwarding", "0"), "nothing is forwarded unasked");
  check(is_set("lo", "accept_ra", "1") && succeeded(network_ensure_bridge(&way_out, &failure)) && is_set("all", "forwarding", "1") &&
            is_set("lo", "accept_ra", "2") && is_set("brt1", "accept_ra", "0"),
        "a host that forwards hears the routers that it heard");
  check(succeeded(network_attach(&there, outside, &failure)) && succeeded(nftables_remove("berthtest", &failure)), "another network");
  int one = udp6_in(first);
  int out = udp6_in(outside);
  check(send6_to(one, "fd00:98:3::2") && arrives6_from(out, "fd00:98:1::2"), "a container reaches it by its default route");
  check(succeeded(network_attach(&second_way, first, &failure)) && route(first, "fd00:98:2::1") &&
            send6_to(one, "fd00:98:3::2") && arrives6_from(out, "fd00:98:2::7"),
        "and by another one that takes its place");
  check(route(first, ""), "no gateway changes nothing");
  check(!route(first, "fd00::x") && failure.error == EINVAL, "a bad gateway is told");
  close(one);
  close(out);
}

static void check_first_packets(void) {
  int here = udp6_in(host);
  int arrived = 0;
  for (int i = 0; i < STARTS; i++) {
    Berth__Native__V1__NetworkInterface interface = interface6_of(9, "vt9", "brt1", "fd00:98:1::9", "fd00:98:1::1");
    int container = new_container();
    int inner = udp6_in(container);
    if (succeeded(network_attach(&interface, container, &failure)) && send6_to(inner, "fd00:98:1::1") &&
        arrives6_from(here, "fd00:98:1::9"))
      arrived++;
    close(inner);
    close(container);
    (void)network_detach("vt9", &failure);
  }
  close(here);
  check(arrived == STARTS, "the first packet after an attach is never lost");
}

int main(void) {
  host = new_namespace();
  if (host < 0) {
    perror("# a network namespace");
    return 2;
  }
  int first = new_container();
  int second = new_container();
  int plain = new_container();
  int outside = new_container();
  check(succeeded(network_loopback_up(&failure)), "the loopback goes up");
  check_bridges();
  check_interfaces(first, second, plain);
  check_first_packets();
  check_routes(first, outside);
  return done();
}
