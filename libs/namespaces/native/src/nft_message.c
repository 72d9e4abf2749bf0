#include "nft_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "cleanup.h"

void nft_message(struct netlink_batch *batch, uint8_t family, const char *purpose, uint16_t type, uint16_t flags) {
  struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};
  netlink_message(batch, purpose, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &header, sizeof header);
}

void nft_begin(struct netlink_batch *batch) {
  struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_message(batch, "begin a transaction of nftables", NFNL_MSG_BATCH_BEGIN, 0, &header, sizeof header);
}

/*
 * The end of a transaction is not a message that kernels before 6.10 acknowledge: it goes behind the batch, whose last message is the
 * one that asks for an answer.
 */
int nft_commit(int fd, struct netlink_batch *batch, struct netlink_refusal *refusal) {
  struct nfgenmsg end = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_trailer(batch, NFNL_MSG_BATCH_END, &end, sizeof end);
  return netlink_send(fd, batch, refusal);
}

int nft_commit_alone(struct netlink_batch *batch, struct netlink_refusal *refusal) {
  cleanup_close int fd = netlink_open(NETLINK_NETFILTER);
  if (fd >= 0) return nft_commit(fd, batch, refusal);
  *refusal = (struct netlink_refusal){.error = errno, .purpose = "open a netlink socket for nftables"};
  return -1;
}

int nft_fail(struct failure *failure, const char *table, const struct netlink_refusal *refusal) {
  return fail(failure, "network", refusal->error, "nftables table %s: %s%s%s", table, refusal->purpose,
              refusal->message[0] ? ": " : "", refusal->message);
}

/* A note for nft's listings (libnftnl's NFTNL_UDATA_SET_KEYBYTEORDER, four bytes: 1), without which they show names as nothing. */
static const uint8_t HOST_BYTE_ORDER[] = {0, 4, 1, 0, 0, 0};

void nft_put_set(struct netlink_batch *batch, const struct nft_table *table, const struct nft_set *set, uint32_t id) {
  nft_message(batch, table->family, "create a set", NFT_MSG_NEWSET, NLM_F_CREATE);
  netlink_put_string(batch, NFTA_SET_TABLE, table->name);
  netlink_put_string(batch, NFTA_SET_NAME, set->name);
  netlink_put_be32(batch, NFTA_SET_ID, id);
  netlink_put_be32(batch, NFTA_SET_KEY_TYPE, set->key_type);
  netlink_put_be32(batch, NFTA_SET_KEY_LEN, set->key_size);
  if (set->is_of_names) netlink_put(batch, NFTA_SET_USERDATA, HOST_BYTE_ORDER, sizeof HOST_BYTE_ORDER);
  if (set->data_size == 0) return;
  netlink_put_be32(batch, NFTA_SET_FLAGS, NFT_SET_MAP);
  netlink_put_be32(batch, NFTA_SET_DATA_TYPE, set->data_type);
  netlink_put_be32(batch, NFTA_SET_DATA_LEN, set->data_size);
}

static void put_value(struct netlink_batch *batch, uint16_t type, const void *value, size_t size) {
  size_t nest = netlink_nest(batch, type);
  netlink_put(batch, NFTA_DATA_VALUE, value, size);
  netlink_nest_end(batch, nest);
}

static void put_list(struct netlink_batch *batch, const char *purpose, uint16_t type, const struct nft_table *table,
                     const char *set) {
  nft_message(batch, table->family, purpose, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
  netlink_put_string(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
  netlink_put_string(batch, NFTA_SET_ELEM_LIST_SET, set);
}

struct nft_elements nft_begin_elements(struct netlink_batch *batch, const struct nft_table *table, const char *set, uint16_t type) {
  put_list(batch, type == NFT_MSG_NEWSETELEM ? "add to a set" : "delete from a set", type, table, set);
  return (struct nft_elements){.batch = batch, .list = netlink_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS)};
}

void nft_put_element(struct nft_elements *elements, const void *key, size_t key_size, const void *data, size_t data_size) {
  struct netlink_batch *batch = elements->batch;
  size_t element = netlink_nest(batch, NFTA_LIST_ELEM);
  put_value(batch, NFTA_SET_ELEM_KEY, key, key_size);
  if (data) put_value(batch, NFTA_SET_ELEM_DATA, data, data_size);
  netlink_nest_end(batch, element);
}

void nft_end_elements(struct nft_elements *elements) {
  netlink_nest_end(elements->batch, elements->list);
}

void nft_empty_set(struct netlink_batch *batch, const struct nft_table *table, const char *set) {
  put_list(batch, "empty a set", NFT_MSG_DELSETELEM, table, set);
}

void nft_put_chain(struct netlink_batch *batch, const struct nft_table *table, const struct nft_chain *chain) {
  nft_message(batch, table->family, "create a chain", NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  netlink_put_string(batch, NFTA_CHAIN_TABLE, table->name);
  netlink_put_string(batch, NFTA_CHAIN_NAME, chain->name);
  if (!chain->type) return;
  size_t hook = netlink_nest(batch, NFTA_CHAIN_HOOK);
  netlink_put_be32(batch, NFTA_HOOK_HOOKNUM, chain->hook);
  netlink_put_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
  netlink_nest_end(batch, hook);
  netlink_put_be32(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
  netlink_put_string(batch, NFTA_CHAIN_TYPE, chain->type);
}

void nft_empty_chain(struct netlink_batch *batch, const struct nft_table *table, const char *chain) {
  nft_message(batch, table->family, "empty a chain", NFT_MSG_DELRULE, 0);
  netlink_put_string(batch, NFTA_RULE_TABLE, table->name);
  netlink_put_string(batch, NFTA_RULE_CHAIN, chain);
}

struct nft_rule nft_begin_rule(struct netlink_batch *batch, const struct nft_table *table, const char *chain) {
  nft_message(batch, table->family, "add a rule", NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  netlink_put_string(batch, NFTA_RULE_TABLE, table->name);
  netlink_put_string(batch, NFTA_RULE_CHAIN, chain);
  return (struct nft_rule){.batch = batch, .family = table->family, .expressions = netlink_nest(batch, NFTA_RULE_EXPRESSIONS)};
}

void nft_end_rule(struct nft_rule *rule) {
  netlink_nest_end(rule->batch, rule->expressions);
}

static void begin_expression(struct nft_rule *rule, const char *name) {
  rule->element = netlink_nest(rule->batch, NFTA_LIST_ELEM);
  netlink_put_string(rule->batch, NFTA_EXPR_NAME, name);
  rule->data = netlink_nest(rule->batch, NFTA_EXPR_DATA);
}

static void end_expression(struct nft_rule *rule) {
  netlink_nest_end(rule->batch, rule->data);
  netlink_nest_end(rule->batch, rule->element);
}

void nft_load_meta(struct nft_rule *rule, uint32_t key, uint32_t into) {
  begin_expression(rule, "meta");
  netlink_put_be32(rule->batch, NFTA_META_DREG, into);
  netlink_put_be32(rule->batch, NFTA_META_KEY, key);
  end_expression(rule);
}

void nft_load_payload(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size, uint32_t into) {
  begin_expression(rule, "payload");
  netlink_put_be32(rule->batch, NFTA_PAYLOAD_DREG, into);
  netlink_put_be32(rule->batch, NFTA_PAYLOAD_BASE, base);
  netlink_put_be32(rule->batch, NFTA_PAYLOAD_OFFSET, offset);
  netlink_put_be32(rule->batch, NFTA_PAYLOAD_LEN, size);
  end_expression(rule);
}

void nft_compare(struct nft_rule *rule, uint32_t operator, const void * value, size_t size) {
  begin_expression(rule, "cmp");
  netlink_put_be32(rule->batch, NFTA_CMP_SREG, NFT_REG_1);
  netlink_put_be32(rule->batch, NFTA_CMP_OP, operator);
  put_value(rule->batch, NFTA_CMP_DATA, value, size);
  end_expression(rule);
}

void nft_match_connection(struct nft_rule *rule, uint32_t key, uint32_t mask) {
  const uint32_t none = 0;
  begin_expression(rule, "ct");
  netlink_put_be32(rule->batch, NFTA_CT_DREG, NFT_REG_1);
  netlink_put_be32(rule->batch, NFTA_CT_KEY, key);
  end_expression(rule);
  begin_expression(rule, "bitwise");
  netlink_put_be32(rule->batch, NFTA_BITWISE_SREG, NFT_REG_1);
  netlink_put_be32(rule->batch, NFTA_BITWISE_DREG, NFT_REG_1);
  netlink_put_be32(rule->batch, NFTA_BITWISE_LEN, sizeof mask);
  put_value(rule->batch, NFTA_BITWISE_MASK, &mask, sizeof mask);
  put_value(rule->batch, NFTA_BITWISE_XOR, &none, sizeof none);
  end_expression(rule);
  nft_compare(rule, NFT_CMP_NEQ, &none, sizeof none);
}

void nft_match_local_destination(struct nft_rule *rule) {
  const uint32_t local = RTN_LOCAL;
  begin_expression(rule, "fib");
  netlink_put_be32(rule->batch, NFTA_FIB_DREG, NFT_REG_1);
  netlink_put_be32(rule->batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
  netlink_put_be32(rule->batch, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
  end_expression(rule);
  nft_compare(rule, NFT_CMP_EQ, &local, sizeof local);
}

static void put_lookup(struct nft_rule *rule, const char *set, uint32_t key) {
  netlink_put_string(rule->batch, NFTA_LOOKUP_SET, set);
  netlink_put_be32(rule->batch, NFTA_LOOKUP_SREG, key);
}

void nft_match_set(struct nft_rule *rule, const char *set, uint32_t key) {
  begin_expression(rule, "lookup");
  put_lookup(rule, set, key);
  end_expression(rule);
}

void nft_translate_destination(struct nft_rule *rule, const char *map) {
  const uint32_t address_registers = rule->family == NFPROTO_IPV6 ? 4 : 1;
  begin_expression(rule, "lookup");
  put_lookup(rule, map, NFT_FIELDS);
  netlink_put_be32(rule->batch, NFTA_LOOKUP_DREG, NFT_FIELDS);
  end_expression(rule);
  begin_expression(rule, "nat");
  netlink_put_be32(rule->batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
  netlink_put_be32(rule->batch, NFTA_NAT_FAMILY, rule->family);
  netlink_put_be32(rule->batch, NFTA_NAT_REG_ADDR_MIN, NFT_FIELDS);
  netlink_put_be32(rule->batch, NFTA_NAT_REG_PROTO_MIN, NFT_FIELDS + address_registers);
  end_expression(rule);
}

void nft_masquerade(struct nft_rule *rule) {
  begin_expression(rule, "masq");
  end_expression(rule);
}

void nft_verdict(struct nft_rule *rule, uint32_t verdict, const char *chain) {
  begin_expression(rule, "immediate");
  netlink_put_be32(rule->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t data = netlink_nest(rule->batch, NFTA_IMMEDIATE_DATA);
  size_t nest = netlink_nest(rule->batch, NFTA_DATA_VERDICT);
  netlink_put_be32(rule->batch, NFTA_VERDICT_CODE, verdict);
  if (chain) netlink_put_string(rule->batch, NFTA_VERDICT_CHAIN, chain);
  netlink_nest_end(rule->batch, nest);
  netlink_nest_end(rule->batch, data);
  end_expression(rule);
}
