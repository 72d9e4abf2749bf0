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

/* One of them. Addresses and ports as they are in packets. */
struct published_port {
  struct in_addr host_address; /* INADDR_ANY for all */
  in_port_t host_port;
  uint8_t protocol;
  struct in_addr address;
  in_port_t port;
};

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
 * Changes the maps over `fd`, a socket of NETLINK_NETFILTER: one transaction for up to 1,024 ports, further ones for more. Returns 0, or
 * -1 with `refusal`; ENOENT when there is no such table.
 */
int published_ports_change(int fd, const char *table, enum published_change change, const struct published_port *ports, size_t count,
                           struct netlink_refusal *refusal);

#endif
