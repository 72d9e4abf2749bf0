/* What the kernel remembers of flows (conntrack): a datagram is translated, or not, as the first of its flow was. */
#ifndef BERTH_FLOWS_H
#define BERTH_FLOWS_H

#include "published_port.h"

/*
 * Makes the kernel forget the UDP flows that were not translated before these ports were published: without that, senders that tried
 * before would go on in vain. Best effort, over a socket of NETLINK_NETFILTER.
 */
void flows_forget_untranslated(int fd, const struct published_port *ports, size_t count);

/* And those that are translated to these ports, after nothing is published there any more: they would reach whoever gets the address next. */
void flows_forget_translated(int fd, const struct published_port *ports, size_t count);

#endif
