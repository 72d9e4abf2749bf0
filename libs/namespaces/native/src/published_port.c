#include "published_port.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "nft_message.h"
#include "nftables.h"
#include "nftables_sets.h"

enum { PORTS_PER_TRANSACTION = 512, BYTES_PER_PORT = 256, BYTES_BESIDE = 2048, FIELD_SIZE = 4 };

/* Fields of a map's key or value, each on a multiple of four bytes. */
struct fields {
  size_t size;
  uint8_t bytes[2 * sizeof(struct in6_addr)];
};

static void add_field(struct fields *fields, const void *value, size_t size) {
  memcpy(fields->bytes + fields->size, value, size);
  fields->size += (size + FIELD_SIZE - 1) / FIELD_SIZE * FIELD_SIZE;
}

static void add_address(struct fields *fields, const struct published_port *port, const union published_address *address) {
  add_field(fields, address, port->family == AF_INET6 ? sizeof address->ipv6 : sizeof address->ipv4);
}

struct published_port *published_ports_read(Berth__Native__V1__PublishedPort *const *messages, size_t count) {
  struct published_port *ports = calloc(count > 0 ? count : 1, sizeof *ports);
  if (ports == NULL) return NULL;
  for (size_t i = 0; i < count; i++) {
    ports[i].family = strchr(messages[i]->address, ':') ? AF_INET6 : AF_INET;
    (void)published_address_read(ports[i].family, messages[i]->host_address, &ports[i].host_address);
    (void)published_address_read(ports[i].family, messages[i]->address, &ports[i].address);
    ports[i].host_port = htons((uint16_t)messages[i]->host_port);
    ports[i].port = htons((uint16_t)messages[i]->port);
    ports[i].protocol = (uint8_t)messages[i]->protocol;
  }
  return ports;
}

bool published_ports_need_loopback(const struct published_port *ports, size_t count) {
  for (size_t i = 0; i < count; i++) {
    in_addr_t address = ntohl(ports[i].host_address.ipv4.s_addr);
    if (ports[i].family != AF_INET) continue;
    if (address == INADDR_ANY || address >> 24 == IN_LOOPBACKNET) return true;
  }
  return false;
}

static uint8_t family_of(const struct published_port *port) {
  return port->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/* Those ports that belong into one of the maps of a table, in one message. */
static void put_map(struct netlink_batch *batch, const struct nft_table *table, uint16_t type, bool any, const struct published_port *ports,
                    size_t count) {
  const char *map = any ? NFTABLES_PUBLISHED_ANY : NFTABLES_PUBLISHED;
  bool begun = false;
  struct nft_elements elements;
  for (size_t i = 0; i < count; i++) {
    const struct published_port *port = &ports[i];
    if (family_of(port) != table->family || published_address_is_any(&port->host_address) != any) continue;
    struct fields key = {0};
    struct fields value = {0};
    if (!any) add_address(&key, port, &port->host_address);
    add_field(&key, &port->protocol, sizeof port->protocol);
    add_field(&key, &port->host_port, sizeof port->host_port);
    add_address(&value, port, &port->address);
    add_field(&value, &port->port, sizeof port->port);
    if (!begun) elements = nft_begin_elements(batch, table, map, type);
    begun = true;
    nft_put_element(&elements, key.bytes, key.size, type == NFT_MSG_NEWSETELEM ? value.bytes : NULL, value.size);
  }
  if (begun) nft_end_elements(&elements);
}

/* The ports of one container follow each other. */
static void put_selves(struct netlink_batch *batch, const struct nft_table *table, uint16_t type, const struct published_port *ports,
                       size_t count) {
  const struct published_port *last = NULL;
  struct nft_elements elements;
  for (size_t i = 0; i < count; i++) {
    const struct published_port *port = &ports[i];
    if (family_of(port) != table->family || (last && published_addresses_equal(&last->address, &port->address))) continue;
    struct fields twice = {0};
    add_address(&twice, port, &port->address);
    add_address(&twice, port, &port->address);
    if (last == NULL) elements = nft_begin_elements(batch, table, NFTABLES_SELVES, type);
    last = port;
    nft_put_element(&elements, twice.bytes, twice.size, NULL, 0);
  }
  if (last) nft_end_elements(&elements);
}

static void put_maps(struct netlink_batch *batch, const char *name, uint16_t type, const struct published_port *ports, size_t count) {
  static const uint8_t FAMILIES[] = {NFPROTO_IPV4, NFPROTO_IPV6};
  for (size_t i = 0; i < sizeof FAMILIES; i++) {
    const struct nft_table table = {.family = FAMILIES[i], .name = name};
    put_map(batch, &table, type, false, ports, count);
    put_map(batch, &table, type, true, ports, count);
    put_selves(batch, &table, type, ports, count);
  }
}

static void empty_maps(struct netlink_batch *batch, const char *name) {
  struct nft_table tables[NFTABLES_FAMILIES_MAX];
  const size_t count = nftables_of(name, tables);
  for (size_t i = 0; i < count; i++) {
    nft_empty_set(batch, &tables[i], NFTABLES_PUBLISHED);
    nft_empty_set(batch, &tables[i], NFTABLES_PUBLISHED_ANY);
    nft_empty_set(batch, &tables[i], NFTABLES_SELVES);
  }
}

static int change_some(int fd, const char *table, enum published_change change, bool first, const struct published_port *ports,
                       size_t count, struct netlink_refusal *refusal) {
  size_t capacity = BYTES_BESIDE + count * BYTES_PER_PORT;
  struct netlink_batch batch;
  cleanup_free char *room = malloc(capacity);
  if (room == NULL) {
    *refusal = (struct netlink_refusal){.error = ENOMEM, .purpose = "publish ports"};
    return -1;
  }
  netlink_begin_in(&batch, room, capacity);
  nft_begin(&batch);
  if (change == PUBLISHED_REPLACE && first) empty_maps(&batch, table);
  /* To be removed it must be there. */
  put_maps(&batch, table, NFT_MSG_NEWSETELEM, ports, count);
  if (change == PUBLISHED_REMOVE) put_maps(&batch, table, NFT_MSG_DELSETELEM, ports, count);
  return nft_commit(fd, &batch, refusal);
}

int published_ports_change(int fd, const char *table, enum published_change change, const struct published_port *ports, size_t count,
                           struct netlink_refusal *refusal) {
  size_t done = 0;
  do {
    size_t some = count - done < PORTS_PER_TRANSACTION ? count - done : PORTS_PER_TRANSACTION;
    if (change_some(fd, table, change, done == 0, ports + done, some, refusal) < 0) return -1;
    done += some;
  } while (done < count);
  return 0;
}
