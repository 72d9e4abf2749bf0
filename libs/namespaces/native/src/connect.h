/* Network interfaces of containers that run. */
#ifndef BERTH_CONNECT_H
#define BERTH_CONNECT_H

#include "failure.h"
#include "host.h"
#include "native.pb-c.h"

/*
 * Gives a running container another interface, and its default route another gateway when the message names one. On a failure nothing is
 * left: step "setns" and ESRCH when it does not run, "network" otherwise.
 */
int connect_container(const Berth__Native__V1__ConnectContainer *plan, const struct host *host, struct failure *failure);

/* Takes an interface away. One that is gone is no failure, nor is a container that does not run. */
int disconnect_container(const Berth__Native__V1__DisconnectContainer *plan, const struct host *host, struct failure *failure);

#endif
