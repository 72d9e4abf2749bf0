/* Published ports, by datagrams and connections from the host, its containers and the outside. */
#include "publication.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "host_port.h"
#include "network.h"
#include "nftables.h"
#include "packets.h"

enum { HOST_PORT = 8000, LOCAL_PORT = 8001, RANGE = 3000, TIMES = 40 };

static Berth__Native__V1__PublishedPort port_of(char *host_address, uint32_t host_port, uint32_t protocol) {
  Berth__Native__V1__PublishedPort port = BERTH__NATIVE__V1__PUBLISHED_PORT__INIT;
  port.host_address = host_address;
  port.host_port = host_port;
  port.protocol = protocol;
  port.address = "10.98.0.2";
  port.port = PORT;
  return port;
}

/* Of the container that publishes. */
static Berth__Native__V1__NetworkInterface interface;

static Berth__Native__V1__Publication publication_of(Berth__Native__V1__PublishedPort **ports, size_t count) {
  Berth__Native__V1__Publication plan = BERTH__NATIVE__V1__PUBLICATION__INIT;
  plan.table = "berthtest";
  plan.bridge = "brt0";
  plan.ports = ports;
  plan.n_ports = count;
  return plan;
}

static struct sockaddr_in place(const char *address, in_port_t port) {
  struct sockaddr_in place = endpoint(address);
  place.sin_port = htons(port);
  return place;
}

static void withdraw(struct publication *publication) {
  publication_withdraw(publication);
  publication_close(publication);
}

static bool send_to_port(int fd, const char *address, in_port_t port) {
  struct sockaddr_in to = place(address, port);
  return sendto(fd, "hello", 5, 0, (const struct sockaddr *)&to, sizeof to) == 5;
}

static int tcp_socket(int namespace) {
  const int on = 1;
  const struct timeval patience = {.tv_usec = 300000};
  enter(namespace);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  enter(host);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static int listen_at(int namespace, in_port_t port) {
  struct sockaddr_in any = place("0.0.0.0", port);
  int fd = tcp_socket(namespace);
  if (bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 && listen(fd, 8) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* A connection, or -1 and errno. */
static int connect_to(int namespace, const char *address, in_port_t port) {
  struct sockaddr_in to = place(address, port);
  int fd = tcp_socket(namespace);
  if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* Whom the listener sees when a connection is made; "" when none comes. */
static const char *seen_by(int listener, int from, const char *address, in_port_t port) {
  static char source[INET_ADDRSTRLEN];
  struct sockaddr_in peer = {0};
  socklen_t size = sizeof peer;
  int client = connect_to(from, address, port);
  if (client < 0) return "";
  int server = accept(listener, (struct sockaddr *)&peer, &size);
  close(server);
  close(client);
  return inet_ntop(AF_INET, &peer.sin_addr, source, sizeof source);
}

static bool sees(int listener, int from, const char *address, in_port_t port, const char *source) {
  const char *seen = seen_by(listener, from, address, port);
  if (strcmp(seen, source) != 0) printf("# from %s, not %s\n", seen, source);
  return strcmp(seen, source) == 0;
}

static bool is_refused(int from, const char *address, in_port_t port) {
  return connect_to(from, address, port) == -1 && errno == ECONNREFUSED;
}

static void check_hold(void) {
  struct published_port port = {.family = AF_INET, .host_port = htons(HOST_PORT), .protocol = IPPROTO_TCP};
  int server = listen_at(host, HOST_PORT);
  check(host_port_hold(&port) == -1 && errno == EADDRINUSE, "a port that another program has is in use");
  int client = connect_to(host, "127.0.0.1", HOST_PORT);
  close(accept(server, NULL, NULL));
  close(server);
  close(client);
  int holder = host_port_hold(&port);
  check(holder >= 0, "one whose server has just gone is not");
  check(listen_at(host, HOST_PORT) == -1 && errno == EADDRINUSE, "nobody takes a port that is held");
  check(is_refused(host, "127.0.0.1", HOST_PORT), "and what reaches it is refused");
  close(holder);
  struct published_port datagrams = {.family = AF_INET, .host_port = htons(HOST_PORT), .protocol = IPPROTO_UDP};
  holder = host_port_hold(&datagrams);
  check(holder >= 0 && host_port_hold(&datagrams) == -1 && errno == EADDRINUSE, "so it is with UDP");
  close(holder);
}

static void check_connections(int container, int neighbour, int outside, const char *neighbour_source) {
  Berth__Native__V1__PublishedPort all = port_of("0.0.0.0", HOST_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort local = port_of("127.0.0.1", LOCAL_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort *ports[] = {&all, &local};
  Berth__Native__V1__Publication plan = publication_of(ports, 2);
  struct publication publication = PUBLICATION_NONE;
  struct publication second = PUBLICATION_NONE;
  int listener = listen_at(container, PORT);
  check(succeeded(publication_hold(&publication, &plan, &failure)), "ports are held");
  check(publication_hold(&second, &plan, &failure) == -1 && failure.error == EADDRINUSE &&
            strcmp(failure.detail, "0.0.0.0:8000/tcp") == 0,
        "a second holder is told which is in use");
  withdraw(&second);
  check(is_refused(outside, "10.99.0.1", HOST_PORT), "before they are announced they are closed");
  check(succeeded(publication_announce(&publication, &interface, &failure)), "they are announced");
  check(sees(listener, outside, "10.99.0.1", HOST_PORT, "10.99.0.2"), "the outside is seen by its own address");
  check(sees(listener, outside, "10.98.0.1", HOST_PORT, "10.99.0.2"), "at each address of the host");
  check(sees(listener, host, "127.0.0.1", HOST_PORT, "10.98.0.1"), "the host reaches it at its loopback");
  check(sees(listener, host, "10.99.0.1", HOST_PORT, "10.99.0.1"), "and at its own address, by which it is seen");
  check(sees(listener, neighbour, "10.99.0.1", HOST_PORT, neighbour_source), "a neighbour reaches it through the host");
  check(sees(listener, container, "10.98.0.1", HOST_PORT, "10.98.0.1"), "and so does the container itself");
  check(sees(listener, host, "127.0.0.1", LOCAL_PORT, "10.98.0.1"), "one of the loopback is reached there");
  check(is_refused(outside, "10.99.0.1", LOCAL_PORT) && is_refused(host, "10.98.0.1", LOCAL_PORT), "and nowhere else");
  withdraw(&publication);
  check(is_refused(outside, "10.99.0.1", HOST_PORT) && is_refused(host, "127.0.0.1", LOCAL_PORT), "all are taken back");
  int server = listen_at(host, HOST_PORT);
  check(server >= 0, "and free for others");
  close(server);
  close(listener);
}

/* A way of the outside to the host's loopback, as a neighbour on its link could make one. */
static bool route_to_loopback(int namespace) {
  enter(namespace);
  bool open = system("echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet; ip route del local 127.0.0.0/8 dev lo table local 2>/dev/null; ip route add 127.0.0.1/32 via $(ip -4 route show "
                     "default | cut -d ' ' -f 3)") == 0;
  enter(host);
  return succeeded(open ? 0 : -1);
}

static void check_loopback_is_guarded(int container, int outside) {
  Berth__Native__V1__PublishedPort local = port_of("127.0.0.1", LOCAL_PORT, IPPROTO_UDP);
  Berth__Native__V1__PublishedPort *ports[] = {&local};
  Berth__Native__V1__Publication plan = publication_of(ports, 1);
  struct publication publication = PUBLICATION_NONE;
  int inner = udp_in(container);
  int far = udp_in(outside);
  int here = udp_in(host);
  check(succeeded(publication_hold(&publication, &plan, &failure)) &&
            succeeded(publication_announce(&publication, &interface, &failure)) && route_to_loopback(outside) &&
            route_to_loopback(container),
        "something is published on the loopback");
  check(send_to_port(here, "127.0.0.1", LOCAL_PORT) && arrives_from(inner, "10.98.0.1"), "the host reaches it");
  check(send_to_port(far, "127.0.0.1", LOCAL_PORT) && strcmp(receive(inner, NEVER_MS), "") == 0, "the outside does not");
  check(send_to_port(inner, "127.0.0.1", PORT) && strcmp(receive(here, NEVER_MS), "") == 0,
        "and a container does not reach the host's loopback");
  withdraw(&publication);
  close(inner);
  close(far);
  close(here);
}

static void check_datagrams(int container, int outside) {
  Berth__Native__V1__PublishedPort all = port_of("0.0.0.0", HOST_PORT, IPPROTO_UDP);
  Berth__Native__V1__PublishedPort *ports[] = {&all};
  Berth__Native__V1__Publication plan = publication_of(ports, 1);
  struct publication publication = PUBLICATION_NONE;
  int inner = udp_in(container);
  int far = udp_in(outside);
  check(send_to_port(far, "10.99.0.1", HOST_PORT) && strcmp(receive(inner, NEVER_MS), "") == 0, "a sender begins too early");
  check(succeeded(publication_hold(&publication, &plan, &failure)) &&
            succeeded(publication_announce(&publication, &interface, &failure)) && send_to_port(far, "10.99.0.1", HOST_PORT) &&
            arrives_from(inner, "10.99.0.2"),
        "and gets through once the port is published");
  withdraw(&publication);
  check(send_to_port(far, "10.99.0.1", HOST_PORT) && strcmp(receive(inner, NEVER_MS), "") == 0,
        "after the end its flow goes nowhere");
  close(inner);
  close(far);
}

static bool run(const char *command) {
  int status = system(command);
  if (status != 0) printf("# %s: %d\n", command, status);
  return status == 0;
}

/* Rules of the host's own: in the chain that is theirs, and in tables of iptables, as Docker, ufw and firewalld make them. */
static void check_rules_of_host(int container, int outside) {
  Berth__Native__V1__PublishedPort all = port_of("0.0.0.0", HOST_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort *ports[] = {&all};
  Berth__Native__V1__Publication plan = publication_of(ports, 1);
  struct publication publication = PUBLICATION_NONE;
  int listener = listen_at(container, PORT);
  check(succeeded(publication_hold(&publication, &plan, &failure)) &&
            succeeded(publication_announce(&publication, &interface, &failure)) &&
            run("nft add rule ip berthtest user ip saddr 10.99.0.2 meta l4proto tcp ct original proto-dst 8000 drop") &&
            connect_to(outside, "10.99.0.1", HOST_PORT) == -1,
        "a rule of the host's keeps somebody from a published port");
  check(succeeded(nftables_ensure("berthtest", &failure)) && connect_to(outside, "10.99.0.1", HOST_PORT) == -1,
        "and stays when the table is written again");
  struct nftables_state written;
  struct nftables_state changed;
  check(succeeded(nftables_inspect("berthtest", &written, &failure)) && written.handle != 0 && written.rules > 10 &&
            run("nft add rule ip berthtest user counter") && succeeded(nftables_inspect("berthtest", &changed, &failure)) &&
            changed.rules == written.rules && run("nft flush chain ip berthtest guard") &&
            succeeded(nftables_inspect("berthtest", &changed, &failure)) && changed.rules == written.rules - 1 &&
            succeeded(nftables_inspect("nosuchtable", &changed, &failure)) && changed.handle == 0,
        "rules that are missing are seen, the host's own are not");
  check(succeeded(nftables_ensure("berthtest", &failure)) && run("nft flush chain ip berthtest user") && run("iptables -P FORWARD DROP") &&
            connect_to(outside, "10.99.0.1", HOST_PORT) == -1,
        "where iptables drops what is forwarded, nobody gets through");
  check(run("iptables -I FORWARD -i brt0 -j ACCEPT") && run("iptables -I FORWARD -o brt0 -j ACCEPT") &&
            sees(listener, outside, "10.99.0.1", HOST_PORT, "10.99.0.2"),
        "unless rules there let the bridge's packets through");
  withdraw(&publication);
  close(listener);
  check(run("iptables -F FORWARD") && run("iptables -P FORWARD ACCEPT"), "the rules go");
}

/* Whether the host filters what a bridge forwards; false when it cannot. */
static bool filter_on_bridges(const char *state) {
  int fd = open("/proc/sys/net/bridge/bridge-nf-call-iptables", O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, state, 1) == 1;
  close(fd);
  return written;
}

static long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What one port adds to a start, and its end to an end. */
static void check_cost(void) {
  Berth__Native__V1__PublishedPort all = port_of("0.0.0.0", HOST_PORT, IPPROTO_TCP);
  Berth__Native__V1__PublishedPort *ports[] = {&all};
  Berth__Native__V1__Publication plan = publication_of(ports, 1);
  long least[2] = {1000000, 1000000};
  bool done_well = true;
  for (int i = 0; i < TIMES; i++) {
    struct publication publication = PUBLICATION_NONE;
    long start = microseconds();
    done_well = done_well && publication_hold(&publication, &plan, &failure) == 0 &&
                publication_announce(&publication, &interface, &failure) == 0;
    long published = microseconds();
    publication_withdraw(&publication);
    long taken[2] = {published - start, microseconds() - published};
    publication_close(&publication);
    for (size_t j = 0; j < 2; j++) least[j] = taken[j] < least[j] ? taken[j] : least[j];
  }
  printf("# publishing takes at least %ld microseconds, taking back %ld\n", least[0], least[1]);
  check(done_well, "a port is published and taken back many times");
}

/* More than a transaction takes, and all at once as start-up does it. */
static void check_many(int container, int outside) {
  static Berth__Native__V1__PublishedPort many[RANGE];
  static Berth__Native__V1__PublishedPort *ports[RANGE];
  Berth__Native__V1__EnsureNetwork network = network_of("brt0", "10.98.0.1", "berthtest");
  Berth__Native__V1__Publication plan = publication_of(ports, RANGE);
  int listener = listen_at(container, PORT);
  for (uint32_t i = 0; i < RANGE; i++) {
    many[i] = port_of(i % 2 == 0 ? "0.0.0.0" : "10.99.0.1", 20000 + i, IPPROTO_TCP);
    ports[i] = &many[i];
  }
  network.published_ports = ports;
  network.n_published_ports = RANGE;
  check(succeeded(nftables_remove("berthtest", &failure)) && succeeded(network_ensure(&network, &failure)) &&
            succeeded(publication_restore(&network, &failure)) && sees(listener, outside, "10.99.0.1", 20000, "10.99.0.2") && sees(listener, outside, "10.99.0.1", 22999, "10.99.0.2"),
        "a table that was deleted comes back with everything");
  network.n_published_ports = 1;
  check(succeeded(publication_restore(&network, &failure)) && sees(listener, outside, "10.99.0.1", 20000, "10.99.0.2") &&
            is_refused(outside, "10.99.0.1", 22999),
        "and loses what is published no more");
  check(succeeded(publication_clean_up(&plan, &failure)) && succeeded(publication_clean_up(&plan, &failure)) &&
            is_refused(outside, "10.99.0.1", 20000),
        "what a keeper has left is cleaned up, twice");
  plan.table = "nosuchtable";
  check(succeeded(publication_clean_up(&plan, &failure)), "without a table there is nothing to clean up");
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
  int outside = new_container();
  Berth__Native__V1__EnsureNetwork network = network_of("brt0", "10.98.0.1", "berthtest");
  Berth__Native__V1__EnsureNetwork way_out = network_of("out0", "10.99.0.1", "outtest");
  Berth__Native__V1__NetworkInterface interfaces[] = {interface_of("vt1", "brt0", "10.98.0.2", "10.98.0.1"),
                                                      interface_of("vt2", "brt0", "10.98.0.3", "10.98.0.1"),
                                                      interface_of("vt3", "out0", "10.99.0.2", "10.99.0.1")};
  interfaces[1].hardware_address.len = 0;
  interface = interfaces[0];
  check(succeeded(network_loopback_up(&failure)) && succeeded(network_ensure(&network, &failure)) &&
            succeeded(network_ensure(&way_out, &failure)) && succeeded(nftables_remove("outtest", &failure)) &&
            succeeded(network_attach(&interfaces[0], container, &failure)) &&
            succeeded(network_attach(&interfaces[1], neighbour, &failure)) &&
            succeeded(network_attach(&interfaces[2], outside, &failure)),
        "there is a host with two containers, and somebody outside");
  check_hold();
  (void)filter_on_bridges("0");
  check_connections(container, neighbour, outside, "10.98.0.1");
  if (filter_on_bridges("1")) check_connections(container, neighbour, outside, "10.98.0.3");
  check_datagrams(container, outside);
  check_rules_of_host(container, outside);
  check_cost();
  check_many(container, outside);
  check_loopback_is_guarded(container, outside);
  return done();
}
