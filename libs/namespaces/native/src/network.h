/* The network of an engine (bridge, packet filter) and the interface of a container, over rtnetlink. Runs no other program. */
#ifndef BERTH_NETWORK_H
#define BERTH_NETWORK_H

#include "failure.h"
#include "native.pb-c.h"

/*
 * Brings the bridge, its address and the nftables table to what the message says; in the caller's network namespace. Idempotent. A
 * bridge that network_ensure made itself gets the new address; any other interface of that name is a failure (EEXIST) and stays as
 * it is. Forwarding, when asked for, is switched on for the whole namespace and never off again.
 */
int network_ensure(const Berth__Native__V1__EnsureNetwork *network, struct failure *failure);

/*
 * Makes a bridge of a network besides the engine's own what the message says, and one of the table's, which exists. Idempotent. An interface
 * of that name that is no bridge of Berth's is a failure (EEXIST) and stays as it is.
 */
int network_ensure_bridge(const Berth__Native__V1__EnsureBridge *plan, struct failure *failure);

/* Deletes such a bridge, or what else is marked with the table, and takes it out of the table. One that is gone, or that is neither, is no failure. */
int network_remove_bridge(const Berth__Native__V1__RemoveBridge *plan, struct failure *failure);

/*
 * Gives the namespace `target_netns_fd` an interface: a veth pair whose inner end is born there, with its addresses, its routes and
 * the loopback up. When this returns 0 the first packet passes. On a failure nothing is left.
 * The calling thread visits the target namespace for a moment, to open a socket there; a thread that cannot come back must not go
 * on, so that is a failure of step `setns`.
 */
int network_attach(const Berth__Native__V1__NetworkInterface *interface, int target_netns_fd, struct failure *failure);

/* The default routes of a namespace, each by the interface of that name; an empty one is that which reaches the gateway. */
struct network_routes {
  const char *gateway;
  const char *gateway6;
  const char *interface;
  const char *interface6;
};

/*
 * Makes these the default routes of the namespace `target_netns_fd`; without a gateway a route is left as it is. The calling thread visits the
 * namespace as in network_attach.
 */
int network_route(const struct network_routes *routes, int target_netns_fd, struct failure *failure);

/* Sets the loopback interface of the caller's own network namespace up. */
int network_loopback_up(struct failure *failure);

/* Deletes an interface that has no host's end, in the namespace where it is. One that is gone is no failure. */
int network_detach_inside(const char *name, int target_netns_fd, struct failure *failure);

/* Deletes the veth pair. An interface that is gone is no failure; one that is no veth is, and stays. */
int network_detach(const char *host_name, struct failure *failure);

/* Deletes the bridge and the table of network_ensure and all interfaces that are marked with it, if present. The message's cgroup is the caller's to remove. */
int network_remove(const Berth__Native__V1__RemoveNetwork *network, struct failure *failure);

#endif
