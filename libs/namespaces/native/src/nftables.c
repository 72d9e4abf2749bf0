#include "nftables.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "nft_message.h"
#include "nftables_sets.h"

enum {
  PRIORITY_RAW = -300,       /* NF_IP_PRI_RAW */
  PRIORITY_FILTER = 0,       /* NF_IP_PRI_FILTER */
  PRIORITY_DEST_NAT = -100,  /* NF_IP_PRI_NAT_DST */
  PRIORITY_SOURCE_NAT = 100, /* NF_IP_PRI_NAT_SRC */
  SOURCE_ADDRESS = 12,       /* where they stand in an IPv4 header */
  DESTINATION_ADDRESS = 16,
  DESTINATION_PORT = 2,         /* and in the headers of tcp, udp and sctp */
  CT_KNOWN = 1 << 1 | 1 << 2,   /* NF_CT_STATE_BIT: established, related */
  CT_DESTINATION_NAT = 1 << 5,  /* IPS_DST_NAT */
  TABLE_BATCH_SIZE = 16 * 1024, /* the whole table */
  LOOPBACK = 127,
};

/* nft's numbers of types, which tell its listings how to show elements. */
enum { TYPE_IPV4 = 7, TYPE_PROTOCOL = 12, TYPE_PORT = 13, TYPE_INTERFACE = 41, TYPE_BITS = 6 };

static const uint32_t TYPE_TARGET = TYPE_IPV4 << TYPE_BITS | TYPE_PORT;

static const struct nft_set SETS[] = {
    {.name = "bridges", .key_type = TYPE_INTERFACE, .key_size = IFNAMSIZ, .is_of_names = true},
    {.name = "within", .key_type = TYPE_INTERFACE << TYPE_BITS | TYPE_INTERFACE, .key_size = 2 * IFNAMSIZ, .is_of_names = true},
    {.name = "masqueraded", .key_type = TYPE_INTERFACE, .key_size = IFNAMSIZ, .is_of_names = true},
    {.name = "internal", .key_type = TYPE_INTERFACE, .key_size = IFNAMSIZ, .is_of_names = true},
    {.name = NFTABLES_PUBLISHED,
     .key_type = (TYPE_IPV4 << TYPE_BITS | TYPE_PROTOCOL) << TYPE_BITS | TYPE_PORT,
     .key_size = 12,
     .data_type = TYPE_TARGET,
     .data_size = 8},
    {.name = NFTABLES_PUBLISHED_ANY,
     .key_type = TYPE_PROTOCOL << TYPE_BITS | TYPE_PORT,
     .key_size = 8,
     .data_type = TYPE_TARGET,
     .data_size = 8},
    {.name = NFTABLES_SELVES, .key_type = TYPE_IPV4 << TYPE_BITS | TYPE_IPV4, .key_size = 8},
};

static const struct nft_chain USER = {.name = "user"};

/* Those that are ours alone. */
static const struct nft_chain CHAINS[] = {
    {.name = "publish"},
    {"guard", "filter", NF_INET_PRE_ROUTING, PRIORITY_RAW},
    {"prerouting", "nat", NF_INET_PRE_ROUTING, PRIORITY_DEST_NAT},
    {"output", "nat", NF_INET_LOCAL_OUT, PRIORITY_DEST_NAT},
    {"postrouting", "nat", NF_INET_POST_ROUTING, PRIORITY_SOURCE_NAT},
    {"forward", "filter", NF_INET_FORWARD, PRIORITY_FILTER},
};

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

static void match_loopback(struct nft_rule *rule, uint32_t address, uint32_t operator) {
  const uint8_t first = LOOPBACK;
  nft_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, address, sizeof first, NFT_REG_1);
  nft_compare(rule, operator, &first, sizeof first);
}

static void put_publish(struct netlink_batch *batch, const char *table) {
  struct nft_rule rule = nft_begin_rule(batch, table, "publish");
  nft_load_payload(&rule, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_ADDRESS, 4, NFT_FIELD_1);
  nft_load_meta(&rule, NFT_META_L4PROTO, NFT_FIELD_2);
  nft_load_payload(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2, NFT_FIELD_3);
  nft_translate_destination(&rule, NFTABLES_PUBLISHED);
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "publish");
  nft_load_meta(&rule, NFT_META_L4PROTO, NFT_FIELD_1);
  nft_load_payload(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2, NFT_FIELD_2);
  nft_translate_destination(&rule, NFTABLES_PUBLISHED_ANY);
  nft_end_rule(&rule);
}

static void put_ways_in(struct netlink_batch *batch, const char *table) {
  struct nft_rule rule = nft_begin_rule(batch, table, "guard");
  match_from(&rule, "bridges");
  match_loopback(&rule, DESTINATION_ADDRESS, NFT_CMP_EQ);
  nft_verdict(&rule, NF_DROP, NULL);
  nft_end_rule(&rule);

  /* What comes from elsewhere for 127.0.0.1 is not for what is published there: the kernel's own check comes only after this chain. */
  rule = nft_begin_rule(batch, table, "prerouting");
  match_loopback(&rule, DESTINATION_ADDRESS, NFT_CMP_NEQ);
  nft_match_local_destination(&rule);
  nft_verdict(&rule, (uint32_t)NFT_JUMP, "publish");
  nft_end_rule(&rule);

  rule = nft_begin_rule(batch, table, "output");
  nft_match_local_destination(&rule);
  nft_verdict(&rule, (uint32_t)NFT_JUMP, "publish");
  nft_end_rule(&rule);
}

static void put_postrouting(struct netlink_batch *batch, const char *table) {
  struct nft_rule rule = nft_begin_rule(batch, table, "postrouting");
  nft_load_payload(&rule, NFT_PAYLOAD_NETWORK_HEADER, SOURCE_ADDRESS, 4, NFT_FIELD_1);
  nft_load_payload(&rule, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_ADDRESS, 4, NFT_FIELD_2);
  nft_match_set(&rule, NFTABLES_SELVES, NFT_FIELD_1);
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

  rule = nft_begin_rule(batch, table, "postrouting");
  match_loopback(&rule, SOURCE_ADDRESS, NFT_CMP_EQ);
  match_to(&rule, "bridges");
  nft_masquerade(&rule);
  nft_end_rule(&rule);
}

static void put_forward_rule(struct netlink_batch *batch, const char *table, void match(struct nft_rule *, const char *),
                             const char *set, uint32_t verdict) {
  struct nft_rule rule = nft_begin_rule(batch, table, "forward");
  match(&rule, set);
  nft_verdict(&rule, verdict, NULL);
  nft_end_rule(&rule);
}

static void put_forward(struct netlink_batch *batch, const char *table) {
  struct nft_rule rule = nft_begin_rule(batch, table, "forward");
  nft_verdict(&rule, (uint32_t)NFT_JUMP, USER.name);
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

int nftables_ensure(const char *table, struct failure *failure) {
  static _Alignas(NLMSG_ALIGNTO) char room[TABLE_BATCH_SIZE];
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  netlink_begin_in(&batch, room, sizeof room);
  nft_begin(&batch);
  nft_message(&batch, "create the table", NFT_MSG_NEWTABLE, NLM_F_CREATE);
  netlink_put_string(&batch, NFTA_TABLE_NAME, table);
  for (uint32_t i = 0; i < sizeof SETS / sizeof SETS[0]; i++) nft_put_set(&batch, table, &SETS[i], i + 1);
  nft_put_chain(&batch, table, &USER);
  for (size_t i = 0; i < sizeof CHAINS / sizeof CHAINS[0]; i++) {
    nft_put_chain(&batch, table, &CHAINS[i]);
    nft_empty_chain(&batch, table, CHAINS[i].name);
  }
  put_publish(&batch, table);
  put_ways_in(&batch, table);
  put_postrouting(&batch, table);
  put_forward(&batch, table);
  return nft_commit_alone(&batch, &refusal) < 0 ? nft_fail(failure, table, &refusal) : 0;
}

/* A bridge's name twice: the key of `within`, whose half is that of the others. */
struct bridge_key {
  char name[IFNAMSIZ];
  char again[IFNAMSIZ];
};

static void put_name(struct netlink_batch *batch, const char *table, const char *set, uint16_t type, const struct bridge_key *key) {
  struct nft_elements elements = nft_begin_elements(batch, table, set, type);
  nft_put_element(&elements, key, strcmp(set, "within") == 0 ? sizeof *key : sizeof key->name, NULL, 0);
  nft_end_elements(&elements);
}

static void put_bridge(struct netlink_batch *batch, const char *table, const char *set, const struct bridge_key *key, bool present) {
  /* To be deleted it must be there. */
  put_name(batch, table, set, NFT_MSG_NEWSETELEM, key);
  if (!present) put_name(batch, table, set, NFT_MSG_DELSETELEM, key);
}

static int change_bridge(const char *table, const char *bridge, bool present, unsigned int flags, struct netlink_refusal *refusal) {
  struct netlink_batch batch;
  struct bridge_key key = {0};
  memcpy(key.name, bridge, strnlen(bridge, sizeof key.name - 1));
  memcpy(key.again, key.name, sizeof key.again);
  netlink_begin(&batch);
  nft_begin(&batch);
  put_bridge(&batch, table, "bridges", &key, present);
  put_bridge(&batch, table, "within", &key, present);
  put_bridge(&batch, table, "masqueraded", &key, present && (flags & NFTABLES_MASQUERADE) != 0);
  put_bridge(&batch, table, "internal", &key, present && (flags & NFTABLES_INTERNAL) != 0);
  return nft_commit_alone(&batch, refusal);
}

int nftables_add_bridge(const char *table, const char *bridge, unsigned int flags, struct failure *failure) {
  struct netlink_refusal refusal;
  return change_bridge(table, bridge, true, flags, &refusal) < 0 ? nft_fail(failure, table, &refusal) : 0;
}

int nftables_remove_bridge(const char *table, const char *bridge, struct failure *failure) {
  struct netlink_refusal refusal;
  if (change_bridge(table, bridge, false, 0, &refusal) == 0 || refusal.error == ENOENT) return 0;
  return nft_fail(failure, table, &refusal);
}

static void read_table(const struct nlmsghdr *message, void *context) {
  struct nftables_state *state = context;
  const struct nlattr *handle = netlink_find(message, sizeof(struct nfgenmsg), NFTA_TABLE_HANDLE);
  uint64_t value;
  if (!handle || handle->nla_len != sizeof *handle + sizeof value) return;
  memcpy(&value, handle + 1, sizeof value);
  state->handle = be64toh(value);
}

static void count_rule(const struct nlmsghdr *message, void *context) {
  struct nftables_state *state = context;
  if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE)) return;
  if (!netlink_is_string(netlink_find(message, sizeof(struct nfgenmsg), NFTA_RULE_CHAIN), USER.name)) state->rules++;
}

int nftables_inspect(const char *table, struct nftables_state *state, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  *state = (struct nftables_state){0};
  cleanup_close int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return fail(failure, "network", errno, "open a netlink socket for nftables");
  netlink_begin(&batch);
  nft_message(&batch, "look at the table", NFT_MSG_GETTABLE, 0);
  netlink_put_string(&batch, NFTA_TABLE_NAME, table);
  if (netlink_query(fd, &batch, read_table, state, &refusal) < 0)
    return refusal.error == ENOENT ? 0 : nft_fail(failure, table, &refusal);
  netlink_begin(&batch);
  nft_message(&batch, "list rules", NFT_MSG_GETRULE, NLM_F_DUMP);
  netlink_put_string(&batch, NFTA_RULE_TABLE, table);
  return netlink_query(fd, &batch, count_rule, state, &refusal) < 0 ? nft_fail(failure, table, &refusal) : 0;
}

int nftables_remove(const char *table, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  netlink_begin(&batch);
  nft_begin(&batch);
  nft_message(&batch, "delete the table", NFT_MSG_DELTABLE, 0);
  netlink_put_string(&batch, NFTA_TABLE_NAME, table);
  if (nft_commit_alone(&batch, &refusal) == 0 || refusal.error == ENOENT) return 0;
  return nft_fail(failure, table, &refusal);
}
