/* The table for IPv6, and ports published in it, by datagrams and connections. */
#include "publication.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "network.h"
#include "nftables.h"
#include "packets.h"

enum { HOST_PORT = 8000, OTHER_PORT = 8001 };

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

static Berth__Native__V1__NetworkInterface interface;

static bool run(const char *command) {
  int status = system(command);
  if (status != 0) printf("# %s: %d\n", command, status);
  return status == 0;
}

static bool make_bridge(char *name, char *address, char *address6, char *table) {
  Berth__Native__V1__EnsureBridge bridge = BERTH__NATIVE__V1__ENSURE_BRIDGE__INIT;
  bridge.bridge = name;
  bridge.table = table;
  bridge.address = address;
  bridge.prefix_length = 24;
  bridge.address6 = address6;
  bridge.prefix_length6 = 64;
  bridge.masquerade = true;
  bridge.forward6 = true;
  return succeeded(network_ensure_bridge(&bridge, &failure));
}

static struct sockaddr_in6 place(const char *text, in_port_t port) {
  struct sockaddr_in6 place = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  inet_pton(AF_INET6, text, &place.sin6_addr);
  return place;
}

/* A socket that waits for little time. */
static int socket_in(int namespace, int type, int protocol) {
  const int on = 1;
  const struct timeval patience = {.tv_usec = 300000};
  enter(namespace);
  int fd = socket(AF_INET6, type | SOCK_CLOEXEC, protocol);
  enter(host);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static int bound_in(int namespace, int type, int protocol, in_port_t port) {
  struct sockaddr_in6 any = place("::", port);
  int fd = socket_in(namespace, type, protocol);
  if (bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 && (type == SOCK_DGRAM || listen(fd, 8) == 0)) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static int connect_from(int namespace, int protocol, const char *text, in_port_t port) {
  struct sockaddr_in6 to = place(text, port);
  int fd = socket_in(namespace, SOCK_STREAM, protocol);
  if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* Whom the listener sees when a connection is made; "" when none comes. */
static bool sees(int listener, int from, int protocol, const char *text, in_port_t port, const char *source) {
  char seen[INET6_ADDRSTRLEN] = "";
  struct sockaddr_in6 peer = {0};
  socklen_t size = sizeof peer;
  int client = connect_from(from, protocol, text, port);
  if (client >= 0) {
    close(accept(listener, (struct sockaddr *)&peer, &size));
    close(client);
    inet_ntop(AF_INET6, &peer.sin6_addr, seen, sizeof seen);
  }
  if (strcmp(seen, source) != 0) printf("# from %s, not %s\n", seen, source);
  return strcmp(seen, source) == 0;
}

static bool is_refused(int from, const char *text, in_port_t port) {
  return connect_from(from, 0, text, port) == -1 && errno == ECONNREFUSED;
}

static bool send_from(int fd, const char *text, in_port_t port) {
  struct sockaddr_in6 to = place(text, port);
  return sendto(fd, "hello", 5, 0, (const struct sockaddr *)&to, sizeof to) == 5;
}

/* Waits for a datagram; an empty source: for none. */
static bool comes_from(int fd, const char *source) {
  char seen[INET6_ADDRSTRLEN] = "";
  struct sockaddr_in6 from;
  socklen_t size = sizeof from;
  char bytes[8];
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  if (poll(&ready, 1, source[0] ? SOON_MS * 10 : NEVER_MS) == 1 &&
      recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size) == 5)
    inet_ntop(AF_INET6, &from.sin6_addr, seen, sizeof seen);
  if (strcmp(seen, source) != 0) printf("# from %s, not %s\n", seen, source);
  return strcmp(seen, source) == 0;
}

static Berth__Native__V1__PublishedPort port_of(char *host_address, uint32_t host_port, uint32_t protocol) {
  Berth__Native__V1__PublishedPort port = BERTH__NATIVE__V1__PUBLISHED_PORT__INIT;
  port.host_address = host_address;
  port.host_port = host_port;
  port.protocol = protocol;
  port.address = "fd98::2";
  port.port = PORT;
  return port;
}

/* The publication of `plan` while it lasts. */
static bool publish(struct publication *publication, Berth__Native__V1__PublishedPort **ports, size_t count) {
  Berth__Native__V1__Publication plan = BERTH__NATIVE__V1__PUBLICATION__INIT;
  plan.table = "berthtest";
  plan.bridge = "brt0";
  plan.ports = ports;
  plan.n_ports = count;
  return succeeded(publication_hold(publication, &plan, &failure)) &&
         succeeded(publication_announce(publication, &interface, &failure));
}

static void withdraw(struct publication *publication) {
  publication_withdraw(publication);
  publication_close(publication);
}

/* Whether the host filters what a bridge forwards; false when it cannot. */
static bool filter_on_bridges(const char *state) {
  int fd = open("/proc/sys/net/bridge/bridge-nf-call-ip6tables", O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, state, 1) == 1;
  close(fd);
  return written;
}

static void check_filter(int container, int neighbour, int other, int outside) {
  int one = bound_in(container, SOCK_DGRAM, 0, PORT);
  int two = bound_in(neighbour, SOCK_DGRAM, 0, PORT);
  int far = bound_in(outside, SOCK_DGRAM, 0, PORT);
  int apart = bound_in(other, SOCK_DGRAM, 0, PORT);
  check(send_from(one, "fd98::3", PORT) && comes_from(two, "fd98::2"), "a container reaches its neighbour");
  check(send_from(one, "fd99::2", PORT) && comes_from(far, "fd99::1"), "a container reaches the outside, masqueraded");
  check(send_from(far, "fd99::1", PORT) && comes_from(one, "fd99::2"), "the answer comes back");
  check(send_from(far, "fd98::3", PORT) && comes_from(two, ""), "the outside does not reach a container");
  check(send_from(apart, "fd98::3", PORT) && comes_from(two, ""), "nor does one on another network");
  check(succeeded(nftables_add_bridge("berthtest", "brt0", NFTABLES_INTERNAL, &failure)) && send_from(two, "fd99::2", PORT) &&
            comes_from(far, ""),
        "from an internal bridge nothing gets out");
  check(succeeded(nftables_add_bridge("berthtest", "brt0", NFTABLES_MASQUERADE, &failure)) &&
            run("nft add rule ip6 berthtest user ip6 saddr fd98::3 drop") && succeeded(nftables_ensure("berthtest", &failure)) &&
            send_from(two, "fd99::2", PORT) && comes_from(far, ""),
        "a rule of the host's own holds, and stays when the table is written again");
  check(run("nft flush chain ip6 berthtest user") && send_from(two, "fd99::2", PORT) && comes_from(far, "fd99::1"), "until it goes");
  int sockets[] = {one, two, far, apart};
  for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) close(sockets[i]);
}

static void check_state(void) {
  struct nftables_state before;
  struct nftables_state after;
  check(succeeded(nftables_inspect("berthtest", &before, &failure)) && before.ipv6_handle != 0 &&
            run("nft flush chain ip6 berthtest output") && succeeded(nftables_inspect("berthtest", &after, &failure)) &&
            after.rules == before.rules - 1,
        "a rule that is missing is seen");
  check(run("nft delete table ip6 berthtest") && succeeded(nftables_inspect("berthtest", &after, &failure)) &&
            after.ipv6_handle == 0 && after.handle == before.handle,
        "and so is a table");
  check(nftables_add_bridge("berthtest", "brt0", NFTABLES_MASQUERADE, &failure) == -1 && failure.error == ENOENT,
        "without it a bridge is not added");
  check(succeeded(nftables_ensure("berthtest", &failure)) &&
            succeeded(nftables_add_bridge("berthtest", "brt0", NFTABLES_MASQUERADE, &failure)) &&
            succeeded(nftables_add_bridge("berthtest", "brt9", NFTABLES_MASQUERADE, &failure)) &&
            succeeded(nftables_inspect("berthtest", &after, &failure)) && after.rules == before.rules &&
            after.ipv6_handle != before.ipv6_handle,
        "it is made anew beside an older one for IPv4 alone");
  check(run("nft delete table ip6 berthtest") && succeeded(nftables_remove_bridge("berthtest", "brt9", &failure)) &&
            run("! nft list set ip berthtest bridges | grep -q brt9") && succeeded(nftables_ensure("berthtest", &failure)) &&
            succeeded(nftables_add_bridge("berthtest", "brt0", NFTABLES_MASQUERADE, &failure)) &&
            succeeded(nftables_add_bridge("berthtest", "brt9", NFTABLES_MASQUERADE, &failure)),
        "and a bridge goes from the one where the other is missing");
}

static void check_connections(int container, int neighbour, int other, int outside, const char *neighbour_source) {
  Berth__Native__V1__PublishedPort all = port_of("::", HOST_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort one = port_of("fd99::1", OTHER_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort old = port_of("0.0.0.0", HOST_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort *ports[] = {&all, &one, &old};
  struct publication publication = PUBLICATION_NONE;
  struct publication second = PUBLICATION_NONE;
  int listener = bound_in(container, SOCK_STREAM, 0, PORT);
  old.address = "10.98.0.2";
  check(is_refused(outside, "fd99::1", HOST_PORT), "a port is closed before it is published");
  check(publish(&publication, ports, 3), "ports of both families are published");
  check(!publish(&second, ports, 1) && failure.error == EADDRINUSE && strcmp(failure.detail, "[::]:8000/tcp") == 0,
        "a second holder is told which is in use");
  withdraw(&second);
  check(sees(listener, outside, 0, "fd99::1", HOST_PORT, "fd99::2"), "the outside is seen by its own address");
  check(sees(listener, outside, 0, "fd98::1", HOST_PORT, "fd99::2"), "at each address of the host");
  check(sees(listener, outside, 0, "fd99::1", OTHER_PORT, "fd99::2") && is_refused(outside, "fd98::1", OTHER_PORT),
        "or at the one that is named");
  check(sees(listener, host, 0, "fd99::1", HOST_PORT, "fd99::1"), "the host reaches it at its own address");
  check(is_refused(host, "::1", HOST_PORT), "and is refused at its loopback");
  check(sees(listener, neighbour, 0, "fd99::1", HOST_PORT, neighbour_source), "a neighbour reaches it through the host");
  check(sees(listener, container, 0, "fd99::1", HOST_PORT, "fd98::1"), "and so does the container itself");
  check(sees(listener, other, 0, "fd99::1", HOST_PORT, "fd98::1"), "one on another network is masqueraded");
  check(sees(listener, outside, 0, "::ffff:10.99.0.1", HOST_PORT, "::ffff:10.99.0.2"), "the other family is published beside it");
  check(run("ip6tables -P FORWARD DROP") && connect_from(outside, 0, "fd99::1", HOST_PORT) == -1,
        "where ip6tables drops what is forwarded, nobody gets through");
  check(run("ip6tables -I FORWARD -i brt0 -j ACCEPT") && run("ip6tables -I FORWARD -o brt0 -j ACCEPT") &&
            sees(listener, outside, 0, "fd99::1", HOST_PORT, "fd99::2"),
        "unless rules there let the bridge's packets through");
  check(run("ip6tables -F FORWARD") && run("ip6tables -P FORWARD ACCEPT"), "the rules go");
  withdraw(&publication);
  check(is_refused(outside, "fd99::1", HOST_PORT) && is_refused(outside, "fd99::1", OTHER_PORT), "what is taken back is refused");
  close(listener);
}

static void check_datagrams(int container, int outside) {
  Berth__Native__V1__PublishedPort all = port_of("::", HOST_PORT, IPPROTO_UDP);
  Berth__Native__V1__PublishedPort *ports[] = {&all};
  struct publication publication = PUBLICATION_NONE;
  int inner = bound_in(container, SOCK_DGRAM, 0, PORT);
  int far = bound_in(outside, SOCK_DGRAM, 0, PORT);
  check(send_from(far, "fd99::1", HOST_PORT) && comes_from(inner, ""), "a sender begins too early");
  check(publish(&publication, ports, 1) && send_from(far, "fd99::1", HOST_PORT) && comes_from(inner, "fd99::2"),
        "and gets through once the port is published");
  withdraw(&publication);
  check(send_from(far, "fd99::1", HOST_PORT) && comes_from(inner, ""), "after the end its flow goes nowhere");
  close(inner);
  close(far);
}

static void check_sctp(int container, int outside) {
  Berth__Native__V1__PublishedPort all = port_of("::", HOST_PORT, IPPROTO_SCTP);
  Berth__Native__V1__PublishedPort *ports[] = {&all};
  struct publication publication = PUBLICATION_NONE;
  int listener = bound_in(container, SOCK_STREAM, IPPROTO_SCTP, PORT);
  check(publish(&publication, ports, 1), "a port of SCTP is published");
  if (listener < 0) {
    printf("# this kernel has no SCTP, of which nothing is sent\n");
  } else {
    check(sees(listener, outside, IPPROTO_SCTP, "fd99::1", HOST_PORT, "fd99::2"), "an association gets through");
  }
  withdraw(&publication);
  close(listener);
}

/* A keeper that is gone, and a table that is written with all that is published. */
static void check_recovery(int container, int outside) {
  Berth__Native__V1__PublishedPort all = port_of("::", HOST_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort one = port_of("fd99::1", OTHER_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort *ports[] = {&all, &one};
  Berth__Native__V1__Publication plan = BERTH__NATIVE__V1__PUBLICATION__INIT;
  Berth__Native__V1__EnsureNetwork network = network_of("brd0", "10.95.0.1", "berthtest");
  int listener = bound_in(container, SOCK_STREAM, 0, PORT);
  network.published_ports = plan.ports = ports;
  network.n_published_ports = plan.n_ports = 2;
  plan.table = "berthtest";
  check(run("nft flush ruleset") && succeeded(network_ensure(&network, &failure)) && make_bridge("brt0", "10.98.0.1", "fd98::1", "berthtest") && succeeded(publication_restore(&network, &failure)) &&
            sees(listener, outside, 0, "fd99::1", HOST_PORT, "fd99::2") && sees(listener, outside, 0, "fd99::1", OTHER_PORT, "fd99::2"),
        "a ruleset that was flushed comes back with everything");
  network.n_published_ports = 1;
  check(succeeded(publication_restore(&network, &failure)) && sees(listener, outside, 0, "fd99::1", HOST_PORT, "fd99::2") &&
            is_refused(outside, "fd99::1", OTHER_PORT),
        "and loses what is published no more");
  check(succeeded(publication_clean_up(&plan, &failure)) && succeeded(publication_clean_up(&plan, &failure)) &&
            is_refused(outside, "fd99::1", HOST_PORT) &&
            run("! nft list table ip6 berthtest | grep -q fd98::2"),
        "what a keeper has left is cleaned up, twice, without a trace");
  close(listener);
}

int main(void) {
  host = new_namespace();
  if (host < 0) {
    perror("# a network namespace");
    return 2;
  }
  int container = new_container();
  int neighbour = new_container();
  int other = new_container();
  int outside = new_container();
  Berth__Native__V1__EnsureNetwork network = network_of("brd0", "10.95.0.1", "berthtest");
  Berth__Native__V1__EnsureNetwork way_out = network_of("brd1", "10.96.0.1", "outtest");
  Berth__Native__V1__NetworkInterface interfaces[] = {
      interface_of("vt1", "brt0", "10.98.0.2", "10.98.0.1"), interface_of("vt2", "brt0", "10.98.0.3", "10.98.0.1"),
      interface_of("vt3", "out0", "10.99.0.2", "10.99.0.1"), interface_of("vt4", "brt9", "10.97.0.2", "10.97.0.1")};
  uint8_t hardware[4][6] = {{2, 0x42, 0, 0, 0, 1}, {2, 0x42, 0, 0, 0, 2}, {2, 0x42, 0, 0, 0, 3}, {2, 0x42, 0, 0, 0, 4}};
  const int places[] = {container, neighbour, outside, other};
  char *const addresses[] = {"fd98::2", "fd98::3", "fd99::2", "fd97::2"};
  char *const gateways[] = {"fd98::1", "fd98::1", "fd99::1", "fd97::1"};
  bool ready = network_loopback_up(&failure) == 0 && succeeded(network_ensure(&network, &failure)) &&
               succeeded(network_ensure(&way_out, &failure)) && make_bridge("brt0", "10.98.0.1", "fd98::1", "berthtest") &&
               make_bridge("brt9", "10.97.0.1", "fd97::1", "berthtest") && make_bridge("out0", "10.99.0.1", "fd99::1", "outtest") &&
               succeeded(nftables_remove("outtest", &failure));
  for (size_t i = 0; i < 4; i++) {
    interfaces[i].hardware_address.data = hardware[i];
    interfaces[i].address6 = addresses[i];
    interfaces[i].prefix_length6 = 64;
    interfaces[i].gateway6 = gateways[i];
    ready = ready && succeeded(network_attach(&interfaces[i], places[i], &failure));
  }
  interface = interfaces[0];
  check(ready, "a host, containers on two networks and the outside have addresses");
  check_filter(container, neighbour, other, outside);
  check_state();
  (void)filter_on_bridges("0");
  check_connections(container, neighbour, other, outside, "fd98::1");
  if (filter_on_bridges("1")) check_connections(container, neighbour, other, outside, "fd98::3");
  check_datagrams(container, outside);
  check_sctp(container, outside);
  check_recovery(container, outside);
  check(succeeded(nftables_remove("berthtest", &failure)) && succeeded(nftables_remove("berthtest", &failure)) &&
            run("test -z \"$(nft list tables | grep berthtest)\""),
        "both tables are removed, twice");
  return done();
}
