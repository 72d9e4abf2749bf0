/* The parents of interfaces without a host's end. */
#ifndef BERTH_PARENT_H
#define BERTH_PARENT_H

#include "failure.h"
#include "native.pb-c.h"

/* As the message says, in the caller's network namespace. */
int parent_ensure(const Berth__Native__V1__EnsureParent *plan, struct failure *failure);

#endif
