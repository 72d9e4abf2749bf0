#include "nftables.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "nft_message.h"
#include "nftables_rules.h"
#include "nftables_sets.h"

enum {
  PRIORITY_RAW = -300,       /* NF_IP_PRI_RAW */
  PRIORITY_FILTER = 0,       /* NF_IP_PRI_FILTER */
  PRIORITY_DEST_NAT = -100,  /* NF_IP_PRI_NAT_DST */
  PRIORITY_SOURCE_NAT = 100, /* NF_IP_PRI_NAT_SRC */
  TABLE_BATCH_SIZE = 32 * 1024, /* all of both */
  BRIDGE_BATCH_SIZE = 4 * 1024, /* a bridge in both */
  SET_COUNT = 7,
};

/* nft's numbers of types, which tell its listings how to show elements. */
enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8, TYPE_PROTOCOL = 12, TYPE_PORT = 13, TYPE_INTERFACE = 41, TYPE_BITS = 6 };

static const struct nft_chain USER = {.name = NFTABLES_USER};

/* Those that are ours alone. */
static const struct nft_chain CHAINS[] = {
    {.name = "publish"},
    {"guard", "filter", NF_INET_PRE_ROUTING, PRIORITY_RAW},
    {"prerouting", "nat", NF_INET_PRE_ROUTING, PRIORITY_DEST_NAT},
    {"output", "nat", NF_INET_LOCAL_OUT, PRIORITY_DEST_NAT},
    {"postrouting", "nat", NF_INET_POST_ROUTING, PRIORITY_SOURCE_NAT},
    {"forward", "filter", NF_INET_FORWARD, PRIORITY_FILTER},
};

size_t nftables_of(const char *name, struct nft_table tables[NFTABLES_FAMILIES_MAX]) {
  tables[0] = (struct nft_table){.family = NFPROTO_IPV4, .name = name};
  tables[1] = (struct nft_table){.family = NFPROTO_IPV6, .name = name};
  cleanup_close int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd < 0 && errno == EAFNOSUPPORT ? 1 : NFTABLES_FAMILIES_MAX;
}

/* `first` is the number of the first set in the transaction. */
static void put_sets(struct netlink_batch *batch, const struct nft_table *table, uint32_t first) {
  const uint32_t address = table->family == NFPROTO_IPV6 ? TYPE_IPV6 : TYPE_IPV4;
  const uint32_t size = table->family == NFPROTO_IPV6 ? 16 : 4;
  const uint32_t target = address << TYPE_BITS | TYPE_PORT;
  const struct nft_set sets[SET_COUNT] = {
      {.name = "bridges", .key_type = TYPE_INTERFACE, .key_size = IFNAMSIZ, .is_of_names = true},
      {.name = "within", .key_type = TYPE_INTERFACE << TYPE_BITS | TYPE_INTERFACE, .key_size = 2 * IFNAMSIZ, .is_of_names = true},
      {.name = "masqueraded", .key_type = TYPE_INTERFACE, .key_size = IFNAMSIZ, .is_of_names = true},
      {.name = "internal", .key_type = TYPE_INTERFACE, .key_size = IFNAMSIZ, .is_of_names = true},
      {.name = NFTABLES_PUBLISHED,
       .key_type = (address << TYPE_BITS | TYPE_PROTOCOL) << TYPE_BITS | TYPE_PORT,
       .key_size = size + 8,
       .data_type = target,
       .data_size = size + 4},
      {.name = NFTABLES_PUBLISHED_ANY,
       .key_type = TYPE_PROTOCOL << TYPE_BITS | TYPE_PORT,
       .key_size = 8,
       .data_type = target,
       .data_size = size + 4},
      {.name = NFTABLES_SELVES, .key_type = address << TYPE_BITS | address, .key_size = 2 * size},
  };
  for (uint32_t i = 0; i < SET_COUNT; i++) nft_put_set(batch, table, &sets[i], first + i);
}

static void put_table(struct netlink_batch *batch, const struct nft_table *table) {
  nft_message(batch, table->family, "create the table", NFT_MSG_NEWTABLE, NLM_F_CREATE);
  netlink_put_string(batch, NFTA_TABLE_NAME, table->name);
}

int nftables_ensure(const char *name, struct failure *failure) {
  static _Alignas(NLMSG_ALIGNTO) char room[TABLE_BATCH_SIZE];
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct nft_table tables[NFTABLES_FAMILIES_MAX];
  const size_t count = nftables_of(name, tables);
  netlink_begin_in(&batch, room, sizeof room);
  nft_begin(&batch);
  for (size_t i = 0; i < count; i++) {
    const struct nft_table *table = &tables[i];
    put_table(&batch, table);
    put_sets(&batch, table, (uint32_t)i * SET_COUNT + 1);
    nft_put_chain(&batch, table, &USER);
    for (size_t j = 0; j < sizeof CHAINS / sizeof CHAINS[0]; j++) {
      nft_put_chain(&batch, table, &CHAINS[j]);
      nft_empty_chain(&batch, table, CHAINS[j].name);
    }
    nftables_put_rules(&batch, table);
  }
  return nft_commit_alone(&batch, &refusal) < 0 ? nft_fail(failure, name, &refusal) : 0;
}

/* A bridge's name twice: the key of `within`, whose half is that of the others. */
struct bridge_key {
  char name[IFNAMSIZ];
  char again[IFNAMSIZ];
};

static void put_name(struct netlink_batch *batch, const struct nft_table *table, const char *set, uint16_t type, const struct bridge_key *key) {
  struct nft_elements elements = nft_begin_elements(batch, table, set, type);
  nft_put_element(&elements, key, strcmp(set, "within") == 0 ? sizeof *key : sizeof key->name, NULL, 0);
  nft_end_elements(&elements);
}

static void put_bridge(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct bridge_key *key, bool present) {
  /* To be deleted it must be there. */
  put_name(batch, table, set, NFT_MSG_NEWSETELEM, key);
  if (!present) put_name(batch, table, set, NFT_MSG_DELSETELEM, key);
}

static void change_bridge(struct netlink_batch *batch, const struct nft_table *table, const char *bridge, bool present, unsigned int flags) {
  struct bridge_key key = {0};
  memcpy(key.name, bridge, strnlen(bridge, sizeof key.name - 1));
  memcpy(key.again, key.name, sizeof key.again);
  put_bridge(batch, table, "bridges", &key, present);
  put_bridge(batch, table, "within", &key, present);
  put_bridge(batch, table, "masqueraded", &key, present && (flags & NFTABLES_MASQUERADE) != 0);
  put_bridge(batch, table, "internal", &key, present && (flags & NFTABLES_INTERNAL) != 0);
}

int nftables_add_bridge(const char *name, const char *bridge, unsigned int flags, struct failure *failure) {
  _Alignas(NLMSG_ALIGNTO) char room[BRIDGE_BATCH_SIZE];
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct nft_table tables[NFTABLES_FAMILIES_MAX];
  const size_t count = nftables_of(name, tables);
  netlink_begin_in(&batch, room, sizeof room);
  nft_begin(&batch);
  for (size_t i = 0; i < count; i++) change_bridge(&batch, &tables[i], bridge, true, flags);
  return nft_commit_alone(&batch, &refusal) < 0 ? nft_fail(failure, name, &refusal) : 0;
}

/* A transaction for each table: one that is missing must not keep the bridge in the other. */
int nftables_remove_bridge(const char *name, const char *bridge, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct nft_table tables[NFTABLES_FAMILIES_MAX];
  const size_t count = nftables_of(name, tables);
  for (size_t i = 0; i < count; i++) {
    netlink_begin(&batch);
    nft_begin(&batch);
    change_bridge(&batch, &tables[i], bridge, false, 0);
    if (nft_commit_alone(&batch, &refusal) < 0 && refusal.error != ENOENT) return nft_fail(failure, name, &refusal);
  }
  return 0;
}

static void read_table(const struct nlmsghdr *message, void *context) {
  uint64_t *handle = context;
  const struct nlattr *attribute = netlink_find(message, sizeof(struct nfgenmsg), NFTA_TABLE_HANDLE);
  uint64_t value;
  if (!attribute || attribute->nla_len != sizeof *attribute + sizeof value) return;
  memcpy(&value, attribute + 1, sizeof value);
  *handle = be64toh(value);
}

static void count_rule(const struct nlmsghdr *message, void *context) {
  uint32_t *rules = context;
  if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE)) return;
  if (!netlink_is_string(netlink_find(message, sizeof(struct nfgenmsg), NFTA_RULE_CHAIN), USER.name)) (*rules)++;
}

static int inspect_table(int fd, const struct nft_table *table, uint64_t *handle, uint32_t *rules, struct netlink_refusal *refusal) {
  struct netlink_batch batch;
  netlink_begin(&batch);
  nft_message(&batch, table->family, "look at the table", NFT_MSG_GETTABLE, 0);
  netlink_put_string(&batch, NFTA_TABLE_NAME, table->name);
  if (netlink_query(fd, &batch, read_table, handle, refusal) < 0) return refusal->error == ENOENT ? 0 : -1;
  netlink_begin(&batch);
  nft_message(&batch, table->family, "list rules", NFT_MSG_GETRULE, NLM_F_DUMP);
  netlink_put_string(&batch, NFTA_RULE_TABLE, table->name);
  return netlink_query(fd, &batch, count_rule, rules, refusal);
}

int nftables_inspect(const char *name, struct nftables_state *state, struct failure *failure) {
  struct netlink_refusal refusal;
  struct nft_table tables[NFTABLES_FAMILIES_MAX];
  const size_t count = nftables_of(name, tables);
  uint64_t *const handles[NFTABLES_FAMILIES_MAX] = {&state->handle, &state->ipv6_handle};
  *state = (struct nftables_state){0};
  cleanup_close int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return fail(failure, "network", errno, "open a netlink socket for nftables");
  for (size_t i = 0; i < count; i++) {
    if (inspect_table(fd, &tables[i], handles[i], &state->rules, &refusal) < 0) return nft_fail(failure, name, &refusal);
  }
  return 0;
}

int nftables_remove(const char *name, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  struct nft_table tables[NFTABLES_FAMILIES_MAX];
  const size_t count = nftables_of(name, tables);
  netlink_begin(&batch);
  nft_begin(&batch);
  for (size_t i = 0; i < count; i++) {
    /* To be deleted it must be there. */
    put_table(&batch, &tables[i]);
    nft_message(&batch, tables[i].family, "delete the table", NFT_MSG_DELTABLE, 0);
    netlink_put_string(&batch, NFTA_TABLE_NAME, name);
  }
  return nft_commit_alone(&batch, &refusal) < 0 ? nft_fail(failure, name, &refusal) : 0;
}
