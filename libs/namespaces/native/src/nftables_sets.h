/* Names of the table's maps that are written to elsewhere than where the table is. */
#ifndef BERTH_NFTABLES_SETS_H
#define BERTH_NFTABLES_SETS_H

/* Published on one address of the host: address . protocol . port : address . port. */
#define NFTABLES_PUBLISHED "published"
/* Published on all of them: protocol . port : address . port. */
#define NFTABLES_PUBLISHED_ANY "published_any"

/* Containers with published ports, each twice: what one sends to itself by an address of the host. */
#define NFTABLES_SELVES "selves"

#endif
