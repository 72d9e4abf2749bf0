/* The packet filter of an engine: two nftables tables of one name, for IPv4 and for IPv6, written over nfnetlink. */
#ifndef BERTH_NFTABLES_H
#define BERTH_NFTABLES_H

#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "nft_message.h"

enum { NFTABLES_FAMILIES_MAX = 2 };

/* The tables of a name. Returns how many there are: without IPv6 on the host, that of IPv4 alone, which is always the first. */
size_t nftables_of(const char *name, struct nft_table tables[NFTABLES_FAMILIES_MAX]);

/* What is true of a bridge besides being one of the engine's. */
enum nftables_bridge_flags {
  NFTABLES_MASQUERADE = 1 << 0, /* what its containers send out of it gets the host's address */
  NFTABLES_INTERNAL = 1 << 1,   /* nothing passes from it to elsewhere, or from elsewhere to it */
};

/*
 * Writes the tables in one transaction. Chains that exist are emptied and filled again, so an older table becomes this one and packets
 * never meet a half of it. What is in the sets, the maps and the chain `user` stays; other tables, and other chains of this one, are not
 * touched. From then on a bridge, and a published port, is an element.
 *
 *   set bridges { type ifname; }                  our bridges
 *   set within { type ifname . ifname; }          each of them, twice
 *   set masqueraded { type ifname; }              those with NFTABLES_MASQUERADE
 *   set internal { type ifname; }                 those with NFTABLES_INTERNAL
 *   map published { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
 *   map published_any { type inet_proto . inet_service : ipv4_addr . inet_service; }
 *   set selves { type ipv4_addr . ipv4_addr; }    each container with published ports, twice
 *
 *   chain user {}                                 the host's own rules for what is forwarded; never emptied
 *   chain publish {
 *     dnat to ip daddr . meta l4proto . th dport map @published
 *     dnat to meta l4proto . th dport map @published_any
 *   }
 *   chain guard { type filter hook prerouting priority raw;
 *     iifname @bridges ip daddr 127.0.0.0/8 drop  a bridge may have route_localnet (CVE-2020-8558)
 *   }
 *   chain prerouting { type nat hook prerouting priority dstnat;
 *     ip daddr != 127.0.0.0/8 fib daddr type local jump publish
 *   }
 *   chain output { type nat hook output priority dstnat;
 *     fib daddr type local jump publish
 *   }
 *   chain postrouting { type nat hook postrouting priority srcnat;
 *     ip saddr . ip daddr @selves masquerade                a container that reaches itself by the host's address
 *     iifname . oifname @within ct status dnat masquerade   or a neighbour: the answer must come back through the host
 *     iifname . oifname @within return
 *     iifname @masqueraded masquerade
 *     ip saddr 127.0.0.0/8 oifname @bridges masquerade
 *   }
 *   chain forward { type filter hook forward priority filter;
 *     jump user
 *     ct state established,related accept
 *     iifname . oifname @within accept
 *     iifname @internal drop
 *     oifname @internal drop
 *     oifname @bridges ct status dnat accept
 *     oifname @bridges drop
 *     iifname @bridges accept
 *   }
 *
 * That is the one for IPv4. The one for IPv6 has the same sets, maps and chains with ipv6_addr and ip6 in place of ipv4_addr and ip, and
 * other ways in: `guard` is empty, `postrouting` is without its last rule, and
 *
 *   chain prerouting { ip6 saddr != fe00::/8 fib daddr type local jump publish }   who has but a link-local address gets no answer
 *   chain output { ip6 daddr != ::1 fib daddr type local jump publish }
 *
 * So containers reach their neighbours and the outside; the outside, and other bridges, reach the ports that are published.
 */
int nftables_ensure(const char *table, struct failure *failure);

/* Makes a bridge one of the tables', with these flags and no others. Idempotent. */
int nftables_add_bridge(const char *table, const char *bridge, unsigned int flags, struct failure *failure);

/* Takes a bridge out of the tables. One that is not there, or a table that is not, is no failure. */
int nftables_remove_bridge(const char *table, const char *bridge, struct failure *failure);

struct nftables_state {
  uint64_t handle;      /* of the table for IPv4; 0 when there is none */
  uint64_t ipv6_handle; /* of that for IPv6 */
  uint32_t rules;       /* of the chains that are ours alone, in both */
};

/* Looks at the tables. Returns 0, or -1 with the failure. */
int nftables_inspect(const char *table, struct nftables_state *state, struct failure *failure);

/* Deletes the tables. One that does not exist is no failure. */
int nftables_remove(const char *table, struct failure *failure);

#endif
