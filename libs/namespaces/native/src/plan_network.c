#include <netinet/in.h>
#include <sched.h>
#include <string.h>

#include "child.h"
#include "plan_parts.h"
#include "publication.h"

#define INTERFACE_NAME_MAX 15

static int check_interface(const Berth__Native__V1__NetworkInterface *network, struct failure *failure) {
  const char *const names[] = {network->host_name, network->name, network->bridge};
  for (size_t i = 0; i < 3; i++) {
    size_t length = strlen(names[i]);
    if (length == 0 || length > INTERFACE_NAME_MAX || !plan_has_only(names[i], "._-") || !plan_is_clean(names[i])) {
      return plan_refuse(failure, "network", "has a bad interface name", names[i]);
    }
  }
  const bool has_end = network->kind[0] == '\0';
  if (!has_end && !child_is_kind(network->kind)) return plan_refuse(failure, "network.kind", "is not known", network->kind);
  if (network->hardware_address.len != 6 && (has_end || network->hardware_address.len != 0))
    return plan_refuse(failure, "network.hardware_address", "is not six bytes", "");
  return 0;
}

int plan_check_network(const container_plan *plan, struct failure *failure) {
  bool own = (plan->namespace_flags & CLONE_NEWNET) != 0;
  if (plan->loopback && !own) return plan_refuse(failure, "loopback", "needs a network namespace", "");
  if (plan->network == NULL && plan->n_further_networks > 0) return plan_refuse(failure, "further_networks", "need a first one", "");
  if (plan->network == NULL && plan->name_server[0] != '\0') return plan_refuse(failure, "name_server", "needs a network", plan->name_server);
  if (plan->network == NULL) return 0;
  if (!own) return plan_refuse(failure, "network", "needs a network namespace", "");
  if (plan_check_count(plan->n_further_networks, PLAN_LIST_MAX, "further_networks", failure) < 0) return -1;
  if (check_interface(plan->network, failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_further_networks; i++) {
    if (check_interface(plan->further_networks[i], failure) < 0) return -1;
  }
  return 0;
}

int plan_check_ports(size_t count, published_port_plan *const *ports, struct failure *failure) {
  union published_address address;
  if (plan_check_count(count, PUBLISHED_PORTS_MAX, "ports", failure) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    const published_port_plan *port = ports[i];
    const int family = strchr(port->address, ':') ? AF_INET6 : AF_INET;
    if (!published_address_read(family, port->host_address, &address) || !published_address_read(family, port->address, &address))
      return plan_refuse(failure, "ports", "has a bad address", port->host_address);
    if (port->host_port == 0 || port->host_port > UINT16_MAX || port->port == 0 || port->port > UINT16_MAX)
      return plan_refuse(failure, "ports", "has a bad port", port->host_address);
    if (port->protocol != IPPROTO_TCP && port->protocol != IPPROTO_UDP && port->protocol != IPPROTO_SCTP)
      return plan_refuse(failure, "ports", "has an unknown protocol", port->host_address);
  }
  return 0;
}

int plan_check_publication(const publication_plan *publication, struct failure *failure) {
  if (publication == NULL) return 0;
  size_t length = strlen(publication->table);
  if (length == 0 || length >= PUBLICATION_TABLE_MAX) return plan_refuse(failure, "publication.table", "is no name", publication->table);
  return plan_check_ports(publication->n_ports, publication->ports, failure);
}

int plan_check_published_bridge(const container_plan *plan, struct failure *failure) {
  if (plan->publication == NULL) return 0;
  const char *bridge = plan->publication->bridge;
  bool found = plan->network != NULL && strcmp(plan->network->bridge, bridge) == 0;
  for (size_t i = 0; i < plan->n_further_networks; i++) found = found || strcmp(plan->further_networks[i]->bridge, bridge) == 0;
  return found ? 0 : plan_refuse(failure, "publication.bridge", "has no interface of the container", bridge);
}
