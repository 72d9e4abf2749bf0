/* Interfaces without a host's end, which are born on a parent: macvlan and ipvlan. */
#ifndef BERTH_CHILD_H
#define BERTH_CHILD_H

#include <stdbool.h>

#include "failure.h"
#include "native.pb-c.h"
#include "netlink.h"

bool child_is_kind(const char *kind);

/* Begins the message that makes such an interface in the namespace `target`, on the parent of that index. */
void child_put(struct netlink_batch *batch, const Berth__Native__V1__NetworkInterface *interface, uint32_t parent, int target);

/* Says that the message was refused. Returns -1. */
int child_fail(struct failure *failure, const Berth__Native__V1__NetworkInterface *interface, const struct netlink_refusal *refusal);

#endif
