/* The rules of the chains that are the engine's alone. */
#ifndef BERTH_NFTABLES_RULES_H
#define BERTH_NFTABLES_RULES_H

#include "nft_message.h"

/* Adds the rules of a table (nftables.h) to its chains, which are empty. */
void nftables_put_rules(struct netlink_batch *batch, const struct nft_table *table);

#endif
