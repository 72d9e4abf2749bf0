#include "ip_address.h"

#include <arpa/inet.h>
#include <string.h>

enum { IPV4_BITS = 32, IPV6_BITS = 128, LINK_PREFIX_LENGTH = 64, UNIVERSAL_BIT = 0x02 };

int ip_address_read(struct ip_address *address, uint8_t family, const char *text, uint32_t prefix_length) {
  *address = (struct ip_address){.family = AF_UNSPEC};
  if (text[0] == '\0') return 0;
  uint32_t bits = family == AF_INET6 ? IPV6_BITS : IPV4_BITS;
  if (prefix_length < 1 || prefix_length > bits || inet_pton(family, text, &address->v6) != 1) return -1;
  address->family = family;
  address->prefix_length = (uint8_t)prefix_length;
  return 0;
}

size_t ip_address_size(const struct ip_address *address) {
  if (address->family == AF_UNSPEC) return 0;
  return address->family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

bool ip_address_is_zero(const struct ip_address *address) {
  static const struct in6_addr zero = IN6ADDR_ANY_INIT;
  return ip_address_is_set(address) && memcmp(&address->v6, &zero, ip_address_size(address)) == 0;
}

bool ip_address_equals(const struct ip_address *a, const struct ip_address *b) {
  return a->family == b->family && a->prefix_length == b->prefix_length && memcmp(&a->v6, &b->v6, ip_address_size(a)) == 0;
}

struct ip_address ip_address_of_link(const uint8_t hardware[HARDWARE_ADDRESS_SIZE]) {
  struct ip_address address = {.family = AF_INET6, .prefix_length = LINK_PREFIX_LENGTH};
  uint8_t *bytes = address.v6.s6_addr;
  bytes[0] = 0xfe;
  bytes[1] = 0x80;
  memcpy(bytes + 8, hardware, 3);
  bytes[8] ^= UNIVERSAL_BIT;
  bytes[11] = 0xff;
  bytes[12] = 0xfe;
  memcpy(bytes + 13, hardware + 3, 3);
  return address;
}
