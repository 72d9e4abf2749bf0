/* Published ports, and their elements in the maps of the engine's table. */
#ifndef BERTH_PUBLISHED_PORT_H
#define BERTH_PUBLISHED_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "native.pb-c.h"
#include "netlink.h"

/* As it is in packets; of IPv4 in the first four bytes, with zeros behind. */
union published_address {
  struct in_addr ipv4;
  struct in6_addr ipv6;
};

/* One of them. Ports as they are in packets. */
struct published_port {
  int family;                           /* AF_INET or AF_INET6, of both addresses */
  union published_address host_address; /* zero for all of the family */
  in_port_t host_port;
  uint8_t protocol;
  union published_address address;
  in_port_t port;
};

/* Reads an address of a family. */
bool published_address_read(int family, const char *text, union published_address *address);

bool published_addresses_equal(const union published_address *one, const union published_address *other);

/* Whether it stands for all addresses of its family. */
bool published_address_is_any(const union published_address *address);

/* Reads ports, which were checked (plan_check_ports), into a new array that the caller frees. NULL and errno when there is no memory. */
struct published_port *published_ports_read(Berth__Native__V1__PublishedPort *const *ports, size_t count);

/* Whether any of them is to be reached at a loopback address of the host. */
bool published_ports_need_loopback(const struct published_port *ports, size_t count);

enum published_change {
  PUBLISHED_ADD,
  PUBLISHED_REMOVE,  /* also those that are not there */
  PUBLISHED_REPLACE, /* nothing else is published afterwards */
};

/*
 * Changes the maps over `fd`, a socket of NETLINK_NETFILTER: one transaction for up to 512 ports, further ones for more. Returns 0, or
 * -1 with `refusal`; ENOENT when there is no such table.
 */
int published_ports_change(int fd, const char *table, enum published_change change, const struct published_port *ports, size_t count,
                           struct netlink_refusal *refusal);

#endif
