/* What the programs of loopback_resolver.h do. */
#ifndef BERTH_LOOPBACK_RESOLVER_CODE_H
#define BERTH_LOOPBACK_RESOLVER_CODE_H

#include "bpf.h"

enum { LOOPBACK_RESOLVER_CODE_MAX = 64 };

/* The two maps, by descriptor. */
struct loopback_resolver_maps {
  int servers; /* from the cookie of a network namespace, 64 bits, to an IPv4 address in network order and 32 bits more */
  int asked;   /* from the cookie of a datagram socket that was led to a server to this one's address */
};

/*
 * For BPF_CGROUP_INET4_CONNECT, _INET6_CONNECT and _UDP4_SENDMSG: in place of 127.0.0.11:53 goes the server of the network namespace.
 * For BPF_CGROUP_UDP4_RECVMSG and _UDP6_RECVMSG: what comes from there comes from 127.0.0.11, as far as the socket has asked that; some
 * resolvers take no answer from elsewhere. The two of IPv6 serve sockets of both families, which write it ::ffff:127.0.0.11.
 */
void loopback_resolver_write(struct bpf_code *code, enum bpf_attach_type where, const struct loopback_resolver_maps *maps);

#endif
