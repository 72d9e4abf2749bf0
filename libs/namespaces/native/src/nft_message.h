/* Messages of nftables for a batch of netlink: tables, chains, sets, rules. What is built between nft_begin and nft_commit is one transaction. */
#ifndef BERTH_NFT_MESSAGE_H
#define BERTH_NFT_MESSAGE_H

#include <linux/netfilter/nf_tables.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "netlink.h"

/* The register of the first field that a set or map with several is asked with; each field begins in one of its own, in order. */
enum { NFT_FIELDS = NFT_REG32_00 };

/* A table. Two of one name but of different families are two. */
struct nft_table {
  uint8_t family; /* NFPROTO_IPV4 or NFPROTO_IPV6 */
  const char *name;
};

void nft_begin(struct netlink_batch *batch);

/* Sends the transaction over `fd`, a socket of NETLINK_NETFILTER. Returns 0, or -1 with `refusal`: then nothing has changed. */
int nft_commit(int fd, struct netlink_batch *batch, struct netlink_refusal *refusal);

/* The same over a socket of its own. */
int nft_commit_alone(struct netlink_batch *batch, struct netlink_refusal *refusal);

/* Says that the transaction was refused. Returns -1. */
int nft_fail(struct failure *failure, const char *table, const struct netlink_refusal *refusal);

/* Begins a message (NFT_MSG_*) of a family. */
void nft_message(struct netlink_batch *batch, uint8_t family, const char *purpose, uint16_t type, uint16_t flags);

/* A set, or a map when it has data. The types are nft's numbers of types, six bits for each field. */
struct nft_set {
  const char *name;
  uint32_t key_type;
  uint32_t key_size;
  uint32_t data_type;
  uint32_t data_size;
  bool is_of_names; /* of interfaces */
};

/* Creates the set when it is missing. `id` is its number in the transaction, from 1. */
void nft_put_set(struct netlink_batch *batch, const struct nft_table *table, const struct nft_set *set, uint32_t id);

/* A message about elements that is being built. */
struct nft_elements {
  struct netlink_batch *batch;
  size_t list;
};

/* Adds (NFT_MSG_NEWSETELEM) or deletes (NFT_MSG_DELSETELEM) elements. One that is there already is no failure; one that is not there is. */
struct nft_elements nft_begin_elements(struct netlink_batch *batch, const struct nft_table *table, const char *set, uint16_t type);
/* `data` is what a map has for the key, NULL otherwise. */
void nft_put_element(struct nft_elements *elements, const void *key, size_t key_size, const void *data, size_t data_size);
void nft_end_elements(struct nft_elements *elements);

/* Deletes all elements of a set. */
void nft_empty_set(struct netlink_batch *batch, const struct nft_table *table, const char *set);

/* A chain; without a `type` it is one that only others jump to. */
struct nft_chain {
  const char *name;
  const char *type;
  uint32_t hook;
  int32_t priority;
};

/* Creates the chain when it is missing; what is in it stays. */
void nft_put_chain(struct netlink_batch *batch, const struct nft_table *table, const struct nft_chain *chain);

/* Deletes all rules of a chain. */
void nft_empty_chain(struct netlink_batch *batch, const struct nft_table *table, const char *chain);

/* A rule that is being built; its expressions are put one by one. */
struct nft_rule {
  struct netlink_batch *batch;
  uint8_t family;
  size_t expressions;
  size_t element;
  size_t data;
};

struct nft_rule nft_begin_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain);
void nft_end_rule(struct nft_rule *rule);

/* Loads `key`, an NFT_META_*, into a register. */
void nft_load_meta(struct nft_rule *rule, uint32_t key, uint32_t into);
/* Loads bytes of the packet, at an offset from `base`, an NFT_PAYLOAD_*. */
void nft_load_payload(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size, uint32_t into);
/* Compares register 1 by an NFT_CMP_*. */
void nft_compare(struct nft_rule *rule, uint32_t operator, const void * value, size_t size);
/* Goes on when any bit of `mask` is set in the connection's `key`, an NFT_CT_*. */
void nft_match_connection(struct nft_rule *rule, uint32_t key, uint32_t mask);
/* Goes on when the destination is an address of the host. */
void nft_match_local_destination(struct nft_rule *rule);
/* Goes on when the registers from `key` on are in the set. */
void nft_match_set(struct nft_rule *rule, const char *set, uint32_t key);
/* Translates the destination to what the map has for the registers from NFT_FIELDS on: an address of the table's family and a port. */
void nft_translate_destination(struct nft_rule *rule, const char *map);
void nft_masquerade(struct nft_rule *rule);
/* Ends with a verdict: NF_ACCEPT, NF_DROP, NFT_RETURN, or NFT_JUMP to `chain`, which is NULL for the others. */
void nft_verdict(struct nft_rule *rule, uint32_t verdict, const char *chain);

#endif
