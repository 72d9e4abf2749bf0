/* Addresses of both families, and the networks that they are in. */
#ifndef BERTH_IP_ADDRESS_H
#define BERTH_IP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HARDWARE_ADDRESS_SIZE = 6 };

struct ip_address {
  uint8_t family; /* AF_INET or AF_INET6; AF_UNSPEC for none */
  uint8_t prefix_length;
  union {
    struct in_addr v4;
    struct in6_addr v6;
  };
};

/* Reads a text of that family; an empty one is none. Returns 0, or -1 when the text or the prefix length is wrong. */
int ip_address_read(struct ip_address *address, uint8_t family, const char *text, uint32_t prefix_length);

static inline bool ip_address_is_set(const struct ip_address *address) {
  return address->family != AF_UNSPEC;
}

/* How many bytes the address has, 0 for none; they begin where the union does. */
size_t ip_address_size(const struct ip_address *address);

/* True for 0.0.0.0 and for `::`. */
bool ip_address_is_zero(const struct ip_address *address);

bool ip_address_equals(const struct ip_address *a, const struct ip_address *b);

/* The address that an interface has on its link, made of its hardware address (RFC 4291, appendix A). */
struct ip_address ip_address_of_link(const uint8_t hardware[HARDWARE_ADDRESS_SIZE]);

#endif
