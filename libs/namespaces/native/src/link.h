/* Messages about network interfaces, shared by what makes a network and what makes an interface of a container. */
#ifndef BERTH_LINK_H
#define BERTH_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "ip_address.h"
#include "netlink.h"

enum { LINK_MARK_SIZE = 48 };

/* What is known of an interface. `index` is 0 when there is none. */
struct link {
  uint32_t index;
  bool is_bridge;
  bool is_veth;
  bool is_ours; /* carries the alias that link_put_mark gives */
  char alias[LINK_MARK_SIZE];
  uint8_t hardware[HARDWARE_ADDRESS_SIZE];
};

/* True for a name that an interface can have. */
bool link_is_name(const char *name);

/* Looks an interface up. One that does not exist is found with index 0. */
int link_find(int fd, const char *name, struct link *link, struct failure *failure);

/* Begins a message that changes the interface of that name; `up` sets it up as well. */
void link_change(struct netlink_batch *batch, const char *purpose, const char *name, bool up);

/* Marks the interface of the message as made by Berth; as one of the engine with that table, unless it is empty. */
void link_put_mark(struct netlink_batch *batch, const char *table);

/*
 * An index to create an interface with. Messages behind the creation, in the same batch, name it by that: so they concern nothing else when it is
 * refused, and no end of the process comes between.
 */
uint32_t link_choose_index(void);

/* Messages that mark what is created by the one before, keep it from an address of its own, and set it up if that is wanted. */
void link_put_completion(struct netlink_batch *batch, uint32_t index, const char *table, bool up);

/* True for an interface that is marked as one of the engine with that table. */
bool link_is_of(const struct link *link, const char *table);

/* Finds the interfaces that are marked so. Returns how many, at most `capacity`; -1 with the failure. */
int link_find_marked(int fd, const char *table, uint32_t *indexes, size_t capacity, struct failure *failure);

/*
 * Keeps IPv6 from giving the interface of that name a link-local address, which could be used after a second only. A kernel without IPv6
 * refuses, which does not matter.
 */
void link_put_no_link_local(struct netlink_batch *batch, const char *name);

/* A message that lets a bridge send what comes from its port of that name back to it. */
void link_put_hairpin(struct netlink_batch *batch, const char *name);

/*
 * Begins a message that adds or deletes (`type`) an address of an interface. One of IPv6 can be used at once: whether others have it too is not
 * looked at, which would take a second (RFC 4862 §5.4).
 */
void link_put_address(struct netlink_batch *batch, uint16_t type, uint32_t index, const struct ip_address *address);

/*
 * Waits until packets to an address of IPv6 of the socket's namespace are received: some time after it was added, a work queue of the kernel joins
 * its group of solicitations and makes its route. One that is late loses a packet, which is no failure.
 */
int link_await_address(int fd, const struct ip_address *address, struct failure *failure);

/* Deletes an interface. */
int link_delete(int fd, uint32_t index, const char *name, struct failure *failure);

/* Says that a batch about `name` was refused. Returns -1. */
int link_fail(struct failure *failure, const char *name, const struct netlink_refusal *refusal);

/* Opens a socket of rtnetlink in the thread's namespace. */
int link_open(struct failure *failure);

#endif
