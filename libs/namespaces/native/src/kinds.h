/* Kinds of interfaces that a kernel may lack. */
#ifndef BERTH_KINDS_H
#define BERTH_KINDS_H

#include <stdbool.h>

#include "failure.h"
#include "netlink.h"

/* True when an interface was refused since the kernel does not know its kind. */
bool kinds_is_missing(const struct netlink_refusal *refusal);

/* Says so (EOPNOTSUPP), with what the kernel needs. Returns -1. */
int kinds_fail(struct failure *failure, const char *kind);

/* Looks whether the kernel has interfaces of a kind that need a parent; one that it has as a module is loaded. Makes none. */
int kinds_check(int fd, const char *kind, struct failure *failure);

#endif
