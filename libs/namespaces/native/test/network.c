/* Bridge, packet filter and container interfaces, in network namespaces of the test's own, by packets that pass or do not. */
#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "nftables.h"
#include "packets.h"
#include "tap.h"

enum { STARTS = 40 };

static bool has_interface(const char *name) {
  return if_nametoindex(name) != 0;
}

static struct in_addr address_of(const char *name) {
  struct ifreq request = {0};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
  int result = ioctl(fd, SIOCGIFADDR, &request);
  close(fd);
  return result < 0 ? (struct in_addr){0} : ((struct sockaddr_in *)(void *)&request.ifr_addr)->sin_addr;
}

static void check_ensure(void) {
  Berth__Native__V1__EnsureNetwork network = network_of("brt0", "10.98.0.1", "berthtest");
  Berth__Native__V1__EnsureNetwork moved = network_of("brt0", "10.97.0.1", "berthtest");
  Berth__Native__V1__EnsureNetwork foreign = network_of("lo", "10.97.0.1", "berthtest");
  Berth__Native__V1__EnsureNetwork bad = network_of("a/b", "10.97.0.1", "berthtest");
  check(succeeded(network_ensure(&network, &failure)), "a network is made");
  check(succeeded(network_ensure(&network, &failure)), "making it again changes nothing");
  check(succeeded(network_ensure(&moved, &failure)) && address_of("brt0").s_addr == inet_addr("10.97.0.1"),
        "a bridge of ours gets a new address");
  check(succeeded(network_ensure(&network, &failure)) && address_of("brt0").s_addr == inet_addr("10.98.0.1"),
        "and its old one back");
  check(network_ensure(&foreign, &failure) == -1 && failure.error == EEXIST, "a foreign interface is refused");
  check(network_ensure(&bad, &failure) == -1 && failure.error == EINVAL, "a bad name is refused");
}

static void check_failures(int container) {
  Berth__Native__V1__NetworkInterface no_bridge = interface_of("vt0", "nobridge", "10.98.0.9", "10.98.0.1");
  Berth__Native__V1__NetworkInterface no_route = interface_of("vt0", "brt0", "10.98.0.9", "10.1.2.3");
  Berth__Native__V1__NetworkInterface taken = interface_of("brt0", "brt0", "10.98.0.9", "10.98.0.1");
  Berth__Native__V1__NetworkInterface bad = interface_of("vt0", "brt0", "10.98.0", "10.98.0.1");
  check(network_attach(&no_bridge, container, &failure) == -1 && failure.error == ENODEV, "a missing bridge is told");
  check(network_attach(&taken, container, &failure) == -1 && failure.error == EEXIST && has_interface("brt0"),
        "a host name in use is told, and its interface stays");
  check(network_attach(&bad, container, &failure) == -1 && failure.error == EINVAL, "a bad address is told");
  check(network_attach(&no_route, container, &failure) == -1 && strcmp(failure.step, "network") == 0 &&
            strstr(failure.detail, "default route"),
        "a gateway out of reach is told");
  check(!has_interface("vt0"), "a failure leaves no interface");
  check(network_detach("brt0", &failure) == -1 && has_interface("brt0"), "detaching a bridge is refused");
  check(succeeded(network_detach("vt0", &failure)), "detaching what is gone is no failure");
}

/* Two containers, the host and something outside of it; one bridge without a filter is the way out. */
static void check_packets(int first, int second, int outside) {
  Berth__Native__V1__EnsureNetwork network = network_of("brt0", "10.98.0.1", "berthtest");
  Berth__Native__V1__EnsureNetwork way_out = network_of("out0", "10.99.0.1", "outtest");
  Berth__Native__V1__NetworkInterface interfaces[] = {interface_of("vt1", "brt0", "10.98.0.2", "10.98.0.1"),
                                                      interface_of("vt2", "brt0", "10.98.0.3", "10.98.0.1"),
                                                      interface_of("vt3", "out0", "10.99.0.2", "10.99.0.1")};
  interfaces[1].hardware_address.len = 0;
  check(succeeded(network_ensure(&way_out, &failure)) && succeeded(nftables_remove("outtest", &failure)) &&
            succeeded(network_attach(&interfaces[0], first, &failure)) &&
            succeeded(network_attach(&interfaces[1], second, &failure)) &&
            succeeded(network_attach(&interfaces[2], outside, &failure)),
        "interfaces are attached");
  int here = udp_in(host);
  int one = udp_in(first);
  int two = udp_in(second);
  int far = udp_in(outside);
  check(send_to(one, "127.0.0.1") && arrives_from(one, "127.0.0.1"), "the loopback of a container works");
  check(send_to(one, "10.98.0.1") && arrives_from(here, "10.98.0.2"), "a container reaches its host");
  check(send_to(here, "10.98.0.2") && arrives_from(one, "10.98.0.1"), "the host reaches a container");
  check(send_to(one, "10.98.0.3") && arrives_from(two, "10.98.0.2"), "a container reaches its neighbour");
  check(send_to(far, "10.98.0.3") && strcmp(receive(two, NEVER_MS), "") == 0, "the outside does not reach a container");
  check(send_to(one, "10.99.0.2") && arrives_from(far, "10.99.0.1"), "a container reaches the outside, masqueraded");
  check(send_to(far, "10.99.0.1") && arrives_from(one, "10.99.0.2"), "the answer comes back");
  check(succeeded(nftables_remove("berthtest", &failure)) && send_to(far, "10.98.0.3") && arrives_from(two, "10.99.0.2"),
        "without the filter the outside would reach it");
  check(succeeded(network_ensure(&network, &failure)) && send_to(far, "10.98.0.3") && strcmp(receive(two, NEVER_MS), "") == 0,
        "the filter comes back");
  check(succeeded(nftables_add_bridge("berthtest", "brt0", NFTABLES_INTERNAL, &failure)) && send_to(two, "10.99.0.2") &&
            strcmp(receive(far, NEVER_MS), "") == 0,
        "from an internal bridge nothing gets out");
  check(succeeded(nftables_remove_bridge("berthtest", "brt0", &failure)) && send_to(far, "10.98.0.3") &&
            arrives_from(two, "10.99.0.2") && succeeded(nftables_remove_bridge("nosuchtable", "brt0", &failure)),
        "a bridge that is taken out is none of the filter's, twice");
  check(succeeded(nftables_add_bridge("berthtest", "brt0", NFTABLES_MASQUERADE, &failure)), "and comes back");
  int sockets[] = {here, one, two, far};
  for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++)
    close(sockets[i]);
}

static long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Attaches a fresh container and sends at once: the packet must not be lost, or a look-up in DNS would wait for seconds. */
static bool first_packet_arrives(int here, long *taken) {
  Berth__Native__V1__NetworkInterface interface = interface_of("vt4", "brt0", "10.98.0.4", "10.98.0.1");
  int container = new_container();
  int inner = udp_in(container);
  long start = microseconds();
  bool attached = succeeded(network_attach(&interface, container, &failure));
  *taken = microseconds() - start;
  bool arrived = attached && send_to(inner, "10.98.0.1") && arrives_from(here, "10.98.0.4");
  close(inner);
  close(container);
  return succeeded(network_detach("vt4", &failure)) && arrived;
}

static void check_first_packets(void) {
  int here = udp_in(host);
  int arrived = 0;
  long least = 1000000;
  for (int i = 0; i < STARTS; i++) {
    long taken;
    arrived += first_packet_arrives(here, &taken) ? 1 : 0;
    least = taken < least ? taken : least;
  }
  close(here);
  printf("# %d of %d arrived; attaching takes at least %ld microseconds\n", arrived, STARTS, least);
  check(arrived == STARTS, "the first packet after an attach is never lost");
}

static void check_remove(void) {
  Berth__Native__V1__RemoveNetwork network = BERTH__NATIVE__V1__REMOVE_NETWORK__INIT;
  Berth__Native__V1__RemoveNetwork foreign = BERTH__NATIVE__V1__REMOVE_NETWORK__INIT;
  network.bridge = "brt0";
  network.table = "berthtest";
  foreign.bridge = "lo";
  check(succeeded(network_remove(&network, &failure)) && !has_interface("brt0"), "a network is removed");
  check(succeeded(network_remove(&network, &failure)), "removing it again is no failure");
  check(network_remove(&foreign, &failure) == -1 && failure.error == EEXIST, "a foreign interface is not removed");
}

int main(void) {
  host = new_namespace();
  if (host < 0) {
    perror("# a network namespace");
    return 2;
  }
  int first = new_container();
  int second = new_container();
  int outside = new_container();
  check(succeeded(network_loopback_up(&failure)), "the loopback goes up");
  check_ensure();
  check_failures(first);
  check_packets(first, second, outside);
  check_first_packets();
  check_remove();
  return done();
}
