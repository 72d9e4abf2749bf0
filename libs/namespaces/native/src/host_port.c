#include "host_port.h"

#include <sys/socket.h>

#include "cleanup.h"

/*
 * With SO_REUSEADDR a port can be bound though connections of its last server are still in TIME_WAIT; but a bound port that does not
 * listen could then be bound, and listened on, by another program that has SO_REUSEADDR. Listening shuts those out for good, also after
 * it has ended, when the option is taken back. What reaches a port that is only bound is refused as if there was none.
 */
static int shut_out(int fd, uint8_t protocol) {
  const int off = 0;
  if (protocol != IPPROTO_TCP) return 0;
  if (listen(fd, 1) < 0 || shutdown(fd, SHUT_RD) < 0) return -1;
  return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
}

union address {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
};

static union address address_of(const struct published_port *port) {
  if (port->family == AF_INET6)
    return (union address){.ipv6 = {.sin6_family = AF_INET6, .sin6_port = port->host_port, .sin6_addr = port->host_address.ipv6}};
  return (union address){.ipv4 = {.sin_family = AF_INET, .sin_port = port->host_port, .sin_addr = port->host_address.ipv4}};
}

int host_port_hold(const struct published_port *port) {
  const int on = 1;
  const union address address = address_of(port);
  int type = port->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
  cleanup_close int fd = socket(port->family, type | SOCK_CLOEXEC, port->protocol);
  if (fd < 0) return -1;
  if (port->protocol == IPPROTO_TCP && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) return -1;
  if (port->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) return -1;
  if (bind(fd, &address.any, sizeof address) < 0 || shut_out(fd, port->protocol) < 0) return -1;
  return take_fd(&fd);
}
