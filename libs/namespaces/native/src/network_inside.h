/* Speaking for a network namespace that is not the caller's. */
#ifndef BERTH_NETWORK_INSIDE_H
#define BERTH_NETWORK_INSIDE_H

#include <stdint.h>

#include "failure.h"
#include "native.pb-c.h"

/* What the interfaces that are born in a namespace from now on have. */
enum network_births { NETWORK_BIRTHS_NONE, NETWORK_BIRTHS_WITHOUT_IPV6, NETWORK_BIRTHS_WITH_IPV6 };

/*
 * A netlink socket that speaks for the namespace `netns_fd`, with what is to be born there prepared. The calling thread visits it for a moment; a thread
 * that cannot come back must not go on, so that is a failure of step `setns`.
 */
int network_inside_open(int netns_fd, enum network_births births, struct failure *failure);

/* Writes kernel parameters below /proc/sys/net of the namespace. Visits it as network_inside_open. */
int network_inside_write(int netns_fd, size_t count, Berth__Native__V1__FileValue *const *values, struct failure *failure);

/* The number of a network namespace that no other one has had since the host came up. Visits it as network_inside_open. */
int network_inside_cookie(int netns_fd, uint64_t *cookie, struct failure *failure);

#endif
