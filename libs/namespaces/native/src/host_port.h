/* Holding a port of the host, so that no other program takes it. */
#ifndef BERTH_HOST_PORT_H
#define BERTH_HOST_PORT_H

#include "published_port.h"

/*
 * Binds the host's side of a published port. Returns a descriptor that holds it until it is closed and takes no connection, -1 and errno
 * otherwise (EADDRINUSE, EADDRNOTAVAIL).
 */
int host_port_hold(const struct published_port *port);

#endif
