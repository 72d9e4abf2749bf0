/* The packet filter of a network: one nftables table of the family ip, written over nfnetlink. */
#ifndef BERTH_NFTABLES_H
#define BERTH_NFTABLES_H

#include <netinet/in.h>

#include "failure.h"

struct nftables_network {
  const char *table;
  const char *bridge;
  struct in_addr address; /* any of the bridge's subnet */
  unsigned int prefix_length;
};

/*
 * Writes the table in one transaction. Chains that exist are emptied and filled again, so an older table becomes this one and packets
 * never meet a half of it; other tables, and other chains of this one, are not touched.
 *
 *   chain postrouting { type nat hook postrouting priority srcnat;
 *     ip saddr SUBNET oifname != BRIDGE masquerade
 *   }
 *   chain forward { type filter hook forward priority filter;
 *     oifname BRIDGE ct state established,related accept
 *     iifname BRIDGE accept
 *     oifname BRIDGE drop
 *   }
 *
 * So containers reach each other and the outside, and the outside does not reach containers, as on Docker's default bridge.
 */
int nftables_ensure(const struct nftables_network *network, struct failure *failure);

/* Deletes the table. One that does not exist is no failure. */
int nftables_remove(const char *table, struct failure *failure);

#endif
