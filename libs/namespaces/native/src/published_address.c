#include <arpa/inet.h>

#include "published_port.h"

bool published_address_read(int family, const char *text, union published_address *address) {
  *address = (union published_address){.ipv6 = IN6ADDR_ANY_INIT};
  return inet_pton(family, text, address) == 1;
}

bool published_addresses_equal(const union published_address *one, const union published_address *other) {
  return IN6_ARE_ADDR_EQUAL(&one->ipv6, &other->ipv6);
}

bool published_address_is_any(const union published_address *address) {
  return IN6_IS_ADDR_UNSPECIFIED(&address->ipv6);
}
