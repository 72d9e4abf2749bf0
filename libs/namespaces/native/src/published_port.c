#include "published_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "nft_message.h"
#include "nftables_sets.h"

enum { PORTS_PER_TRANSACTION = 1024, BYTES_PER_PORT = 128, BYTES_BESIDE = 1024 };

/* As in the maps' keys, each field on four bytes; the shorter key is the longer one without its first field. */
struct key {
  struct in_addr address;
  uint8_t protocol;
  uint8_t padding[3];
  in_port_t port;
  uint8_t padding_again[2];
};

struct value {
  struct in_addr address;
  in_port_t port;
  uint8_t padding[2];
};

_Static_assert(sizeof(struct key) == 12 && sizeof(struct value) == 8, "keys and values are those of the maps");

struct published_port *published_ports_read(Berth__Native__V1__PublishedPort *const *messages, size_t count) {
  struct published_port *ports = calloc(count > 0 ? count : 1, sizeof *ports);
  if (ports == NULL) return NULL;
  for (size_t i = 0; i < count; i++) {
    (void)inet_pton(AF_INET, messages[i]->host_address, &ports[i].host_address);
    (void)inet_pton(AF_INET, messages[i]->address, &ports[i].address);
    ports[i].host_port = htons((uint16_t)messages[i]->host_port);
    ports[i].port = htons((uint16_t)messages[i]->port);
    ports[i].protocol = (uint8_t)messages[i]->protocol;
  }
  return ports;
}

bool published_ports_need_loopback(const struct published_port *ports, size_t count) {
  for (size_t i = 0; i < count; i++) {
    in_addr_t address = ntohl(ports[i].host_address.s_addr);
    if (address == INADDR_ANY || address >> 24 == IN_LOOPBACKNET) return true;
  }
  return false;
}

/* Those ports that belong into one of the maps, in one message. */
static void put_map(struct netlink_batch *batch, const char *table, uint16_t type, bool any, const struct published_port *ports,
                    size_t count) {
  const char *map = any ? NFTABLES_PUBLISHED_ANY : NFTABLES_PUBLISHED;
  bool begun = false;
  struct nft_elements elements;
  for (size_t i = 0; i < count; i++) {
    const struct published_port *port = &ports[i];
    if ((port->host_address.s_addr == INADDR_ANY) != any) continue;
    const struct key key = {.address = port->host_address, .protocol = port->protocol, .port = port->host_port};
    const struct value value = {.address = port->address, .port = port->port};
    const size_t skipped = any ? sizeof key.address : 0;
    if (!begun) elements = nft_begin_elements(batch, table, map, type);
    begun = true;
    nft_put_element(&elements, (const char *)&key + skipped, sizeof key - skipped, type == NFT_MSG_NEWSETELEM ? &value : NULL,
                    sizeof value);
  }
  if (begun) nft_end_elements(&elements);
}

/* The ports of one container follow each other. */
static void put_selves(struct netlink_batch *batch, const char *table, uint16_t type, const struct published_port *ports, size_t count) {
  struct nft_elements elements = nft_begin_elements(batch, table, NFTABLES_SELVES, type);
  for (size_t i = 0; i < count; i++) {
    const struct in_addr twice[] = {ports[i].address, ports[i].address};
    if (i == 0 || ports[i - 1].address.s_addr != ports[i].address.s_addr) nft_put_element(&elements, twice, sizeof twice, NULL, 0);
  }
  nft_end_elements(&elements);
}

static void put_maps(struct netlink_batch *batch, const char *table, uint16_t type, const struct published_port *ports, size_t count) {
  put_map(batch, table, type, false, ports, count);
  put_map(batch, table, type, true, ports, count);
  if (count > 0) put_selves(batch, table, type, ports, count);
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
  if (change == PUBLISHED_REPLACE && first) {
    nft_empty_set(&batch, table, NFTABLES_PUBLISHED);
    nft_empty_set(&batch, table, NFTABLES_PUBLISHED_ANY);
    nft_empty_set(&batch, table, NFTABLES_SELVES);
  }
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
