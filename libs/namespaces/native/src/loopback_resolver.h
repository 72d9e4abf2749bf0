/*
 * 127.0.0.11, where Docker answers names in a container, and where some images are configured to ask. Nothing listens there: when a process
 * connects or sends to port 53 of it, BPF programs on the engine's control group put the name server of its network namespace in its place
 * (docs/adr/0051). No packet is touched.
 */
#ifndef BERTH_LOOPBACK_RESOLVER_H
#define BERTH_LOOPBACK_RESOLVER_H

#include <sys/types.h>

#include "failure.h"

enum { LOOPBACK_RESOLVER_PROGRAMS = 5 };

struct loopback_resolver {
  int servers; /* the map from a network namespace to its server; -1: the kernel has no such programs, and nobody is led anywhere */
  int programs[LOOPBACK_RESOLVER_PROGRAMS];
};

#define LOOPBACK_RESOLVER_NONE ((struct loopback_resolver){-1, {-1, -1, -1, -1, -1}})

/*
 * Attaches the programs to a cgroup2 directory, for all below it. What is there already of an older run keeps its map, and so what it knows of containers
 * that run. Returns 0, or -1 with the failure and LOOPBACK_RESOLVER_NONE.
 */
int loopback_resolver_open(struct loopback_resolver *resolver, int cgroup_dirfd, struct failure *failure);

/* Attaches them to a further directory, which is not below that one. Returns 0, or -1 with the failure. */
int loopback_resolver_attach(const struct loopback_resolver *resolver, int cgroup_dirfd, struct failure *failure);

/*
 * Leads those in a network namespace to a server, an IPv4 address; empty: to none. It is forgotten some time after the process `pid` has ended,
 * for whose sake the namespace is there. Visits the namespace as network_inside_open does. Returns 0, or -1 with the failure.
 */
int loopback_resolver_lead(const struct loopback_resolver *resolver, int netns_fd, pid_t pid, const char *server,
                           struct failure *failure);

/* Closes the descriptors; what is attached stays. */
void loopback_resolver_close(struct loopback_resolver *resolver);

#endif
