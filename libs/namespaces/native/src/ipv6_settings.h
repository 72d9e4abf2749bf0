/* What the kernel does with IPv6 on interfaces: values below /proc/sys/net/ipv6/conf of the thread's network namespace. */
#ifndef BERTH_IPV6_SETTINGS_H
#define BERTH_IPV6_SETTINGS_H

#include <stdbool.h>

#include "failure.h"

/*
 * Makes interfaces that are born from now on have IPv6, or not. Costs no lock, unlike the same of one that exists. A kernel without IPv6 is a
 * failure (EAFNOSUPPORT) when it is wanted.
 */
int ipv6_settings_for_new(bool enabled, struct failure *failure);

/* The same of a bridge; one with IPv6 hears no router advertisements, so that no container becomes the host's router (CVE-2020-13401). */
int ipv6_settings_for_bridge(const char *bridge, bool enabled, struct failure *failure);

/*
 * Makes the host forward IPv6. The kernel has one switch for all interfaces, and with it a host no longer hears the routers that it has its own
 * way out from; so interfaces that hear them are told to do so still (accept_ra=2) before. Does nothing when the switch is on.
 */
int ipv6_settings_forward(struct failure *failure);

#endif
