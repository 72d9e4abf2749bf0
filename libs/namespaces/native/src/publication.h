/* What a container publishes, in its keeper's hands. */
#ifndef BERTH_PUBLICATION_H
#define BERTH_PUBLICATION_H

#include "failure.h"
#include "native.pb-c.h"
#include "published_port.h"

enum { PUBLICATION_TABLE_MAX = 32 };

struct publication {
  struct published_port *ports;
  int *holders; /* what holds each host port; -1 where there is nothing to hold */
  size_t count;
  int netfilter; /* where the table is changed; -1 as long as nothing was in it */
  char table[PUBLICATION_TABLE_MAX];
};

#define PUBLICATION_NONE ((struct publication){.netfilter = -1})

/* Holds the host's ports. Returns 0, or -1 with a failure of step "publish". NULL: nothing to publish, now or later. */
int publication_hold(struct publication *publication, const Berth__Native__V1__Publication *plan, struct failure *failure);

/* Opens the host's loopback and the bridge's port to what is published, where they are needed. Returns 0, or -1 with the failure. */
int publication_open_ways(const struct publication *publication, const char *bridge, const char *host_interface, struct failure *failure);

/* Lets what reaches the host's ports reach the container, which has its address by now. Returns 0, or -1 with the failure. */
int publication_announce(struct publication *publication, const Berth__Native__V1__NetworkInterface *interface, struct failure *failure);

/* Takes all of it back, however far it has come. */
void publication_withdraw(struct publication *publication);

/*
 * Closes what publication_withdraw leaves open: nobody should wait for this. The kernel lets whoever closes a socket of nftables wait until
 * what was deleted lately is freed, which takes milliseconds.
 */
void publication_close(struct publication *publication);

/* Takes back what a keeper that is gone had announced. Returns 0, or -1 with the failure. */
int publication_clean_up(const Berth__Native__V1__Publication *plan, struct failure *failure);

/* Makes the ports of the message, and no others, published in the table and on the bridge of network_ensure. Returns 0, or -1 with the failure. */
int publication_restore(const Berth__Native__V1__EnsureNetwork *network, struct failure *failure);

#endif
