/* Names in the tables that are known elsewhere than where these are made. */
#ifndef BERTH_NFTABLES_SETS_H
#define BERTH_NFTABLES_SETS_H

/* Published on one address of the host: address . protocol . port : address . port. */
#define NFTABLES_PUBLISHED "published"
/* Published on all of them: protocol . port : address . port. */
#define NFTABLES_PUBLISHED_ANY "published_any"

/* Containers with published ports, each twice: what one sends to itself by an address of the host. */
#define NFTABLES_SELVES "selves"

/* The chain with the host's own rules. */
#define NFTABLES_USER "user"

#endif
