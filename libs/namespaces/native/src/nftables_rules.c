#include "nftables_rules.h"

#include <linux/netfilter.h>
#include <stdbool.h>

#include "nftables_sets.h"

enum {
  DESTINATION_PORT = 2,        /* where it stands in the headers of tcp, udp and sctp */
  CT_KNOWN = 1 << 1 | 1 << 2,  /* NF_CT_STATE_BIT: established, related */
  CT_DESTINATION_NAT = 1 << 5, /* IPS_DST_NAT */
  LINK_LOCAL = 0xfe,           /* how such addresses of IPv6 begin */
};

/* Where addresses stand in a header. */
struct layout {
  uint32_t source;
  uint32_t destination;
  uint32_t size;
  uint32_t registers;
  uint32_t loopback_size; /* of what loopback addresses begin with */
  uint8_t loopback[16];
};

static const struct layout IPV4 = {.source = 12, .destination = 16, .size = 4, .registers = 1, .loopback_size = 1, .loopback = {127}};
static const struct layout IPV6 = {
    .source = 8, .destination = 24, .size = 16, .registers = 4, .loopback_size = 16, .loopback = {[15] = 1}};

static bool is_ipv6(const struct nft_table *table) {
  return table->family == NFPROTO_IPV6;
}

static const struct layout *layout_of(const struct nft_table *table) {
  return is_ipv6(table) ? &IPV6 : &IPV4;
}

static void load_address(struct nft_rule *rule, const struct layout *layout, uint32_t at, uint32_t into) {
  nft_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, at, layout->size, into);
}

static void match_from(struct nft_rule *rule, const char *set) {
  nft_load_meta(rule, NFT_META_IIFNAME, NFT_REG_1);
  nft_match_set(rule, set, NFT_REG_1);
}

static void match_to(struct nft_rule *rule, const char *set) {
  nft_load_meta(rule, NFT_META_OIFNAME, NFT_REG_1);
  nft_match_set(rule, set, NFT_REG_1);
}

/* Comes by one of our bridges and leaves by the same. */
static void match_within(struct nft_rule *rule) {
  nft_load_meta(rule, NFT_META_IIFNAME, NFT_REG_1);
  nft_load_meta(rule, NFT_META_OIFNAME, NFT_REG_2);
  nft_match_set(rule, "within", NFT_REG_1);
}

static void match_loopback(struct nft_rule *rule, const struct layout *layout, uint32_t at, uint32_t operator) {
  nft_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, at, layout->loopback_size, NFT_REG_1);
  nft_compare(rule, operator, layout->loopback, layout->loopback_size);
}

static void put_publish(struct netlink_batch *batch, const struct nft_table *table) {
  const struct layout *layout = layout_of(table);
  const uint32_t protocol = NFT_FIELDS + layout->registers;
  struct nft_rule rule = nft_begin_rule(batch, table, "publish");
  load_address(&rule, layout, layout->destination, NFT_FIELDS);
  nft_load_meta(&rule, NFT_META_L4PROTO, protocol);
  nft_load_payload(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2, protocol + 1);
  nft_translate_destination(&rule, NFTABLES_PUBLISHED);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "publish");
  nft_load_meta(&rule, NFT_META_L4PROTO, NFT_FIELDS);
  nft_load_payload(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2, NFT_FIELDS + 1);
  nft_translate_destination(&rule, NFTABLES_PUBLISHED_ANY);
  nft_end_rule(&rule);
}

static void jump_to_publish(struct nft_rule *rule) {
  nft_match_local_destination(rule);
  nft_verdict(rule, (uint32_t)NFT_JUMP, "publish");
  nft_end_rule(rule);
}

static void put_ways_in(struct netlink_batch *batch, const struct nft_table *table) {
  struct nft_rule rule = nft_begin_rule(batch, table, "guard");
  match_from(&rule, "bridges");
  match_loopback(&rule, &IPV4, IPV4.destination, NFT_CMP_EQ);
  nft_verdict(&rule, NF_DROP, NULL);
  nft_end_rule(&rule);

  /* What comes from elsewhere for 127.0.0.1 is not for what is published there: the kernel's own check comes only after this chain. */
  rule = nft_begin_rule(batch, table, "prerouting");
  match_loopback(&rule, &IPV4, IPV4.destination, NFT_CMP_NEQ);
  jump_to_publish(&rule);

  rule = nft_begin_rule(batch, table, "output");
  jump_to_publish(&rule);
}

/*
 * The kernel itself drops what comes from elsewhere for ::1. It also drops the answers to what ::1 has sent out, and no setting lets them
 * in: what is published is not there.
 */
static void put_ways_in_ipv6(struct netlink_batch *batch, const struct nft_table *table) {
  const uint8_t link_local = LINK_LOCAL;
  struct nft_rule rule = nft_begin_rule(batch, table, "prerouting");
  nft_load_payload(&rule, NFT_PAYLOAD_NETWORK_HEADER, IPV6.source, sizeof link_local, NFT_REG_1);
  nft_compare(&rule, NFT_CMP_NEQ, &link_local, sizeof link_local);
  jump_to_publish(&rule);

  rule = nft_begin_rule(batch, table, "output");
  match_loopback(&rule, &IPV6, IPV6.destination, NFT_CMP_NEQ);
  jump_to_publish(&rule);
}

static void put_postrouting(struct netlink_batch *batch, const struct nft_table *table) {
  const struct layout *layout = layout_of(table);
  struct nft_rule rule = nft_begin_rule(batch, table, "postrouting");
  load_address(&rule, layout, layout->source, NFT_FIELDS);
  load_address(&rule, layout, layout->destination, NFT_FIELDS + layout->registers);
  nft_match_set(&rule, NFTABLES_SELVES, NFT_FIELDS);
  nft_masquerade(&rule);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "postrouting");
  match_within(&rule);
  nft_match_connection(&rule, NFT_CT_STATUS, CT_DESTINATION_NAT);
  nft_masquerade(&rule);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "postrouting");
  match_within(&rule);
  nft_verdict(&rule, (uint32_t)NFT_RETURN, NULL);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "postrouting");
  match_from(&rule, "masqueraded");
  nft_masquerade(&rule);
  nft_end_rule(&rule);

  if (is_ipv6(table)) return;
  rule = nft_begin_rule(batch, table, "postrouting");
  match_loopback(&rule, &IPV4, IPV4.source, NFT_CMP_EQ);
  match_to(&rule, "bridges");
  nft_masquerade(&rule);
  nft_end_rule(&rule);
}

static void put_forward_rule(struct netlink_batch *batch, const struct nft_table *table, void match(struct nft_rule *, const char *),
                             const char *set, uint32_t verdict) {
  struct nft_rule rule = nft_begin_rule(batch, table, "forward");
  match(&rule, set);
  nft_verdict(&rule, verdict, NULL);
  nft_end_rule(&rule);
}

static void put_forward(struct netlink_batch *batch, const struct nft_table *table) {
  struct nft_rule rule = nft_begin_rule(batch, table, "forward");
  nft_verdict(&rule, (uint32_t)NFT_JUMP, NFTABLES_USER);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "forward");
  nft_match_connection(&rule, NFT_CT_STATE, CT_KNOWN);
  nft_verdict(&rule, NF_ACCEPT, NULL);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "forward");
  match_within(&rule);
  nft_verdict(&rule, NF_ACCEPT, NULL);
  nft_end_rule(&rule);

  put_forward_rule(batch, table, match_from, "internal", NF_DROP);
  put_forward_rule(batch, table, match_to, "internal", NF_DROP);

  rule = nft_begin_rule(batch, table, "forward");
  match_to(&rule, "bridges");
  nft_match_connection(&rule, NFT_CT_STATUS, CT_DESTINATION_NAT);
  nft_verdict(&rule, NF_ACCEPT, NULL);
  nft_end_rule(&rule);

  put_forward_rule(batch, table, match_to, "bridges", NF_DROP);
  put_forward_rule(batch, table, match_from, "bridges", NF_ACCEPT);
}

void nftables_put_rules(struct netlink_batch *batch, const struct nft_table *table) {
  put_publish(batch, table);
  if (is_ipv6(table)) {
    put_ways_in_ipv6(batch, table);
  } else {
    put_ways_in(batch, table);
  }
  put_postrouting(batch, table);
  put_forward(batch, table);
}
