/* Network namespaces that play a host, containers and the outside, and packets between them. */
#ifndef BERTH_PACKETS_H
#define BERTH_PACKETS_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failure.h"
#include "native.pb-c.h"
#include "tap.h"

enum { SOON_MS = 100, NEVER_MS = 200, PORT = 4711 };

static int host; /* the namespace that plays the host */
static struct failure failure;

static inline int new_namespace(void) {
  return unshare(CLONE_NEWNET) == 0 ? open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
}

static inline bool enter(int namespace) {
  return setns(namespace, CLONE_NEWNET) == 0;
}

/* A new namespace, with the test back in the host's. */
static inline int new_container(void) {
  int namespace = new_namespace();
  return enter(host) ? namespace : -1;
}

static inline struct sockaddr_in endpoint(const char *address) {
  struct sockaddr_in endpoint = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  inet_pton(AF_INET, address, &endpoint.sin_addr);
  return endpoint;
}

/* A UDP socket of a namespace, bound to PORT. */
static inline int udp_in(int namespace) {
  struct sockaddr_in any = endpoint("0.0.0.0");
  enter(namespace);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  enter(host);
  return bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 ? fd : -1;
}

static inline bool send_to(int fd, const char *address) {
  struct sockaddr_in to = endpoint(address);
  return sendto(fd, "hello", 5, 0, (const struct sockaddr *)&to, sizeof to) == 5;
}

/* Waits for a packet. Returns its source, "" when none came. */
static inline const char *receive(int fd, int timeout_ms) {
  static char source[INET_ADDRSTRLEN];
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  char bytes[8];
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  if (poll(&ready, 1, timeout_ms) != 1 || recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size) != 5) return "";
  return inet_ntop(AF_INET, &from.sin_addr, source, sizeof source);
}

static inline bool arrives_from(int fd, const char *source) {
  return strcmp(receive(fd, SOON_MS), source) == 0;
}

static inline Berth__Native__V1__EnsureNetwork network_of(char *bridge, char *address, char *table) {
  Berth__Native__V1__EnsureNetwork network = BERTH__NATIVE__V1__ENSURE_NETWORK__INIT;
  network.bridge = bridge;
  network.address = address;
  network.prefix_length = 24;
  network.table = table;
  network.forward = true;
  return network;
}

static inline Berth__Native__V1__NetworkInterface interface_of(char *host_name, char *bridge, char *address, char *gateway) {
  static uint8_t hardware[6] = {0x02, 0x42, 0x0a, 0, 0, 2};
  Berth__Native__V1__NetworkInterface interface = BERTH__NATIVE__V1__NETWORK_INTERFACE__INIT;
  interface.host_name = host_name;
  interface.name = "eth0";
  interface.bridge = bridge;
  interface.address = address;
  interface.prefix_length = 24;
  interface.gateway = gateway;
  interface.hardware_address = (ProtobufCBinaryData){.len = sizeof hardware, .data = hardware};
  return interface;
}

static inline bool succeeded(int result) {
  if (result < 0) printf("# %s: %s: %s\n", failure.step, failure.detail, strerror(failure.error));
  return result == 0;
}

#endif
