#include "nftables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <string.h>

#include "cleanup.h"
#include "netlink.h"

enum {
  PRIORITY_FILTER = 0,       /* NF_IP_PRI_FILTER */
  PRIORITY_SOURCE_NAT = 100, /* NF_IP_PRI_NAT_SRC */
  SOURCE_ADDRESS = 12,       /* where it stands in an IPv4 header */
  CT_ESTABLISHED = 1 << 1,   /* NF_CT_STATE_BIT(IP_CT_ESTABLISHED), as the kernel's nft_ct gives it */
  CT_RELATED = 1 << 2,
};

static void message(struct netlink_batch *batch, const char *purpose, uint16_t type, uint16_t flags) {
  struct nfgenmsg header = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};
  netlink_message(batch, purpose, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &header, sizeof header);
}

/* A transaction lies between two of these. */
static void boundary(struct netlink_batch *batch, uint16_t type) {
  struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_message(batch, "begin a transaction of nftables", type, 0, &header, sizeof header);
}

struct chain {
  const char *name;
  const char *type;
  uint32_t hook;
  uint32_t priority;
};

/* Creates the chain when it is missing, and empties it: a deletion that names no rule means all of the chain. */
static void put_chain(struct netlink_batch *batch, const char *table, const struct chain *chain) {
  message(batch, "create a chain", NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  netlink_put_string(batch, NFTA_CHAIN_TABLE, table);
  netlink_put_string(batch, NFTA_CHAIN_NAME, chain->name);
  size_t hook = netlink_nest(batch, NFTA_CHAIN_HOOK);
  netlink_put_be32(batch, NFTA_HOOK_HOOKNUM, chain->hook);
  netlink_put_be32(batch, NFTA_HOOK_PRIORITY, chain->priority);
  netlink_nest_end(batch, hook);
  netlink_put_be32(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
  netlink_put_string(batch, NFTA_CHAIN_TYPE, chain->type);

  message(batch, "empty a chain", NFT_MSG_DELRULE, 0);
  netlink_put_string(batch, NFTA_RULE_TABLE, table);
  netlink_put_string(batch, NFTA_RULE_CHAIN, chain->name);
}

/* The attributes of a rule that are still open. */
struct rule {
  size_t expressions;
  size_t element;
  size_t data;
};

static struct rule begin_rule(struct netlink_batch *batch, const char *table, const char *chain) {
  message(batch, "add a rule", NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  netlink_put_string(batch, NFTA_RULE_TABLE, table);
  netlink_put_string(batch, NFTA_RULE_CHAIN, chain);
  return (struct rule){.expressions = netlink_nest(batch, NFTA_RULE_EXPRESSIONS)};
}

static void end_rule(struct netlink_batch *batch, const struct rule *rule) {
  netlink_nest_end(batch, rule->expressions);
}

static void begin_expression(struct netlink_batch *batch, struct rule *rule, const char *name) {
  rule->element = netlink_nest(batch, NFTA_LIST_ELEM);
  netlink_put_string(batch, NFTA_EXPR_NAME, name);
  rule->data = netlink_nest(batch, NFTA_EXPR_DATA);
}

static void end_expression(struct netlink_batch *batch, const struct rule *rule) {
  netlink_nest_end(batch, rule->data);
  netlink_nest_end(batch, rule->element);
}

static void put_value(struct netlink_batch *batch, uint16_t type, const void *value, size_t size) {
  size_t nest = netlink_nest(batch, type);
  netlink_put(batch, NFTA_DATA_VALUE, value, size);
  netlink_nest_end(batch, nest);
}

/* Register 1 against `value`. */
static void compare(struct netlink_batch *batch, struct rule *rule, uint32_t operator, const void * value, size_t size) {
  begin_expression(batch, rule, "cmp");
  netlink_put_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
  netlink_put_be32(batch, NFTA_CMP_OP, operator);
  put_value(batch, NFTA_CMP_DATA, value, size);
  end_expression(batch, rule);
}

/* Four bytes of register 1 under `mask`, in the order in which they lie in memory. */
static void mask_register(struct netlink_batch *batch, struct rule *rule, uint32_t mask) {
  uint32_t nothing = 0;
  begin_expression(batch, rule, "bitwise");
  netlink_put_be32(batch, NFTA_BITWISE_SREG, NFT_REG_1);
  netlink_put_be32(batch, NFTA_BITWISE_DREG, NFT_REG_1);
  netlink_put_be32(batch, NFTA_BITWISE_LEN, sizeof mask);
  put_value(batch, NFTA_BITWISE_MASK, &mask, sizeof mask);
  put_value(batch, NFTA_BITWISE_XOR, &nothing, sizeof nothing);
  end_expression(batch, rule);
}

/* `key` is NFT_META_IIFNAME or NFT_META_OIFNAME; names are compared whole, padded with zeros. */
static void match_interface(struct netlink_batch *batch, struct rule *rule, uint32_t key, uint32_t operator, const char * name) {
  char padded[IFNAMSIZ] = {0};
  memcpy(padded, name, strnlen(name, sizeof padded - 1));
  begin_expression(batch, rule, "meta");
  netlink_put_be32(batch, NFTA_META_DREG, NFT_REG_1);
  netlink_put_be32(batch, NFTA_META_KEY, key);
  end_expression(batch, rule);
  compare(batch, rule, operator, padded, sizeof padded);
}

static void match_source_subnet(struct netlink_batch *batch, struct rule *rule, const struct nftables_network *network) {
  uint32_t mask = network->prefix_length == 0 ? 0 : htonl(UINT32_MAX << (32 - network->prefix_length));
  uint32_t subnet = network->address.s_addr & mask;
  begin_expression(batch, rule, "payload");
  netlink_put_be32(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
  netlink_put_be32(batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  netlink_put_be32(batch, NFTA_PAYLOAD_OFFSET, SOURCE_ADDRESS);
  netlink_put_be32(batch, NFTA_PAYLOAD_LEN, sizeof subnet);
  end_expression(batch, rule);
  mask_register(batch, rule, mask);
  compare(batch, rule, NFT_CMP_EQ, &subnet, sizeof subnet);
}

static void match_known_connection(struct netlink_batch *batch, struct rule *rule) {
  uint32_t none = 0;
  begin_expression(batch, rule, "ct");
  netlink_put_be32(batch, NFTA_CT_DREG, NFT_REG_1);
  netlink_put_be32(batch, NFTA_CT_KEY, NFT_CT_STATE);
  end_expression(batch, rule);
  mask_register(batch, rule, CT_ESTABLISHED | CT_RELATED);
  compare(batch, rule, NFT_CMP_NEQ, &none, sizeof none);
}

static void put_verdict(struct netlink_batch *batch, struct rule *rule, uint32_t verdict) {
  begin_expression(batch, rule, "immediate");
  netlink_put_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t data = netlink_nest(batch, NFTA_IMMEDIATE_DATA);
  size_t nest = netlink_nest(batch, NFTA_DATA_VERDICT);
  netlink_put_be32(batch, NFTA_VERDICT_CODE, verdict);
  netlink_nest_end(batch, nest);
  netlink_nest_end(batch, data);
  end_expression(batch, rule);
}

static void put_postrouting(struct netlink_batch *batch, const struct nftables_network *network) {
  struct chain chain = {"postrouting", "nat", NF_INET_POST_ROUTING, PRIORITY_SOURCE_NAT};
  put_chain(batch, network->table, &chain);
  struct rule rule = begin_rule(batch, network->table, chain.name);
  match_source_subnet(batch, &rule, network);
  match_interface(batch, &rule, NFT_META_OIFNAME, NFT_CMP_NEQ, network->bridge);
  begin_expression(batch, &rule, "masq");
  end_expression(batch, &rule);
  end_rule(batch, &rule);
}

static void put_forward_rule(struct netlink_batch *batch, const struct nftables_network *network, uint32_t key, bool only_known,
                             uint32_t verdict) {
  struct rule rule = begin_rule(batch, network->table, "forward");
  match_interface(batch, &rule, key, NFT_CMP_EQ, network->bridge);
  if (only_known) match_known_connection(batch, &rule);
  put_verdict(batch, &rule, verdict);
  end_rule(batch, &rule);
}

static void put_forward(struct netlink_batch *batch, const struct nftables_network *network) {
  struct chain chain = {"forward", "filter", NF_INET_FORWARD, PRIORITY_FILTER};
  put_chain(batch, network->table, &chain);
  put_forward_rule(batch, network, NFT_META_OIFNAME, true, NF_ACCEPT);
  put_forward_rule(batch, network, NFT_META_IIFNAME, false, NF_ACCEPT);
  put_forward_rule(batch, network, NFT_META_OIFNAME, false, NF_DROP);
}

static void begin_transaction(struct netlink_batch *batch) {
  netlink_begin(batch);
  boundary(batch, NFNL_MSG_BATCH_BEGIN);
}

/*
 * The end of a transaction is not a message that kernels before 6.10 acknowledge: it goes behind the batch, whose last message is the
 * one that asks for an answer.
 */
static int commit(struct netlink_batch *batch, struct netlink_refusal *refusal) {
  cleanup_close int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) {
    *refusal = (struct netlink_refusal){.error = errno, .purpose = "open a netlink socket for nftables"};
    return -1;
  }
  struct nfgenmsg end = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_trailer(batch, NFNL_MSG_BATCH_END, &end, sizeof end);
  return netlink_send(fd, batch, refusal);
}

static int fail_table(struct failure *failure, const char *table, const struct netlink_refusal *refusal) {
  return fail(failure, "network", refusal->error, "nftables table %s: %s%s%s", table, refusal->purpose,
              refusal->message[0] ? ": " : "", refusal->message);
}

int nftables_ensure(const struct nftables_network *network, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  begin_transaction(&batch);
  message(&batch, "create the table", NFT_MSG_NEWTABLE, NLM_F_CREATE);
  netlink_put_string(&batch, NFTA_TABLE_NAME, network->table);
  put_postrouting(&batch, network);
  put_forward(&batch, network);
  return commit(&batch, &refusal) < 0 ? fail_table(failure, network->table, &refusal) : 0;
}

int nftables_remove(const char *table, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  begin_transaction(&batch);
  message(&batch, "delete the table", NFT_MSG_DELTABLE, 0);
  netlink_put_string(&batch, NFTA_TABLE_NAME, table);
  if (commit(&batch, &refusal) == 0 || refusal.error == ENOENT) return 0;
  return fail_table(failure, table, &refusal);
}
