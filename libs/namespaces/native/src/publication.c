#include "publication.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "flows.h"
#include "host_port.h"
#include "link.h"
#include "nft_message.h"
#include "plan.h"

static const char *protocol_name(uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    default:
      return "sctp";
  }
}

static int fail_port(struct failure *failure, int error, const struct published_port *port) {
  char address[INET6_ADDRSTRLEN] = "";
  (void)inet_ntop(port->family, &port->host_address, address, sizeof address);
  return fail(failure, "publish", error, port->family == AF_INET6 ? "[%s]:%u/%s" : "%s:%u/%s", address, ntohs(port->host_port), protocol_name(port->protocol));
}

static int allocate(struct publication *publication, const Berth__Native__V1__Publication *plan, struct failure *failure) {
  (void)snprintf(publication->table, sizeof publication->table, "%s", plan->table);
  if (plan->n_ports == 0) return 0;
  publication->ports = published_ports_read(plan->ports, plan->n_ports);
  publication->holders = malloc(plan->n_ports * sizeof *publication->holders);
  if (publication->ports == NULL || publication->holders == NULL) return fail(failure, "publish", ENOMEM, "%zu ports", plan->n_ports);
  return 0;
}

int publication_hold(struct publication *publication, const Berth__Native__V1__Publication *plan, struct failure *failure) {
  if (plan == NULL) return 0;
  if (allocate(publication, plan, failure) < 0) return -1;
  for (; publication->count < plan->n_ports; publication->count++) {
    const struct published_port *port = &publication->ports[publication->count];
    int holder = host_port_hold(port);
    /* Where the kernel has no SCTP, no other program can have the port either. */
    bool unknown = port->protocol == IPPROTO_SCTP && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT);
    if (holder < 0 && !unknown) return fail_port(failure, errno, port);
    publication->holders[publication->count] = holder;
  }
  return 0;
}

static int open_loopback(const char *bridge, struct failure *failure) {
  char path[64];
  char state = '0';
  (void)snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/route_localnet", bridge);
  cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0 || read(fd, &state, 1) < 0) return fail(failure, "publish", errno, "open %s", path);
  if (state != '0') return 0;
  return pwrite(fd, "1", 1, 0) == 1 ? 0 : fail(failure, "publish", errno, "write %s", path);
}

/* Where the host filters what a bridge forwards (br_netfilter), what a container sends to itself by the host never leaves the bridge. */
static bool is_filtered_on_bridges(int family) {
  char state = '0';
  const char *path =
      family == AF_INET6 ? "/proc/sys/net/bridge/bridge-nf-call-ip6tables" : "/proc/sys/net/bridge/bridge-nf-call-iptables";
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && read(fd, &state, 1) == 1 && state != '0';
}

static bool need_hairpin(const struct publication *publication) {
  bool ipv4 = false;
  bool ipv6 = false;
  for (size_t i = 0; i < publication->count; i++) {
    ipv4 = ipv4 || publication->ports[i].family == AF_INET;
    ipv6 = ipv6 || publication->ports[i].family == AF_INET6;
  }
  return (ipv4 && is_filtered_on_bridges(AF_INET)) || (ipv6 && is_filtered_on_bridges(AF_INET6));
}

static int allow_hairpin(const char *host_name, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  cleanup_close int fd = link_open(failure);
  if (fd < 0) return -1;
  netlink_begin(&batch);
  link_put_hairpin(&batch, host_name);
  return netlink_send(fd, &batch, &refusal) < 0 ? link_fail(failure, host_name, &refusal) : 0;
}

int publication_open_ways(const struct publication *publication, const char *bridge, const char *host_interface, struct failure *failure) {
  if (published_ports_need_loopback(publication->ports, publication->count) && open_loopback(bridge, failure) < 0) return -1;
  return need_hairpin(publication) ? allow_hairpin(host_interface, failure) : 0;
}

int publication_announce(struct publication *publication, const Berth__Native__V1__NetworkInterface *interface, struct failure *failure) {
  struct netlink_refusal refusal;
  if (publication->table[0] == '\0') return 0;
  if (publication_open_ways(publication, interface->bridge, interface->host_name, failure) < 0) return -1;
  publication->netfilter = netlink_open(NETLINK_NETFILTER);
  if (publication->netfilter < 0) return fail(failure, "publish", errno, "open a netlink socket for nftables");
  if (publication->count == 0) return 0;
  if (published_ports_change(publication->netfilter, publication->table, PUBLISHED_ADD, publication->ports, publication->count, &refusal) < 0)
    return nft_fail(failure, publication->table, &refusal);
  flows_forget_untranslated(publication->netfilter, publication->ports, publication->count);
  return 0;
}

void publication_withdraw(struct publication *publication) {
  struct netlink_refusal refusal;
  if (publication->netfilter >= 0) {
    (void)published_ports_change(publication->netfilter, publication->table, PUBLISHED_REMOVE, publication->ports, publication->count,
                                 &refusal);
    flows_forget_translated(publication->netfilter, publication->ports, publication->count);
  }
  for (size_t i = 0; i < publication->count; i++) close_fd(&publication->holders[i]);
  free(publication->ports);
  free(publication->holders);
  *publication = (struct publication){.netfilter = publication->netfilter};
}

void publication_close(struct publication *publication) {
  close_fd(&publication->netfilter);
}

int publication_clean_up(const Berth__Native__V1__Publication *plan, struct failure *failure) {
  struct netlink_refusal refusal;
  if (plan == NULL || plan->n_ports == 0) return 0;
  cleanup_close int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return fail(failure, "publish", errno, "open a netlink socket for nftables");
  cleanup_free struct published_port *ports = published_ports_read(plan->ports, plan->n_ports);
  if (ports == NULL) return fail(failure, "publish", errno, "%zu ports", plan->n_ports);
  int result = published_ports_change(fd, plan->table, PUBLISHED_REMOVE, ports, plan->n_ports, &refusal);
  flows_forget_translated(fd, ports, plan->n_ports);
  return result == 0 || refusal.error == ENOENT ? 0 : nft_fail(failure, plan->table, &refusal);
}

int publication_restore(const Berth__Native__V1__EnsureNetwork *network, struct failure *failure) {
  struct netlink_refusal refusal;
  size_t count = network->n_published_ports;
  if (plan_check_ports(count, network->published_ports, failure) < 0) return -1;
  cleanup_close int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return fail(failure, "network", errno, "open a netlink socket for nftables");
  cleanup_free struct published_port *ports = published_ports_read(network->published_ports, count);
  if (ports == NULL) return fail(failure, "network", errno, "%zu published ports", count);
  if (published_ports_need_loopback(ports, count) && open_loopback(network->bridge, failure) < 0) return -1;
  if (published_ports_change(fd, network->table, PUBLISHED_REPLACE, ports, count, &refusal) == 0) return 0;
  return nft_fail(failure, network->table, &refusal);
}
