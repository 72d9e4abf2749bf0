#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/pidfd.h>

#include "cleanup.h"
#include "network.h"
#include "plan.h"
#include "target.h"

/* The network namespace of a running container. The path is by pid, and the pidfd then tells whether it was still that process. */
static int open_network(const char *state_dir, const struct host *host, pid_t *pid, struct failure *failure) {
  struct target target = TARGET_NONE;
  char path[32];
  if (target_open(&target, state_dir, host, failure) < 0) return -1;
  (void)snprintf(path, sizeof path, "/proc/%d/ns/net", target.pid);
  cleanup_close int network = open(path, O_RDONLY | O_CLOEXEC);
  *pid = target.pid;
  bool alive = network >= 0 && pidfd_send_signal(target.pidfd, 0, NULL, 0) == 0;
  target_close(&target);
  return alive ? take_fd(&network) : target_not_running(failure);
}

int connect_container(const Berth__Native__V1__ConnectContainer *plan, const struct host *host, struct failure *failure) {
  struct failure undo;
  pid_t pid;
  if (plan_check_path(plan->state_dir, "state_dir", failure) < 0) return -1;
  if (plan->interface == NULL) return fail(failure, "plan", EINVAL, "an interface is missing");
  cleanup_close int network = open_network(plan->state_dir, host, &pid, failure);
  if (network < 0 || network_attach(plan->interface, network, failure) < 0) return -1;
  const struct network_routes routes = {plan->gateway, plan->gateway6, plan->gateway_interface, plan->gateway6_interface};
  if (network_route(&routes, network, failure) == 0 &&
      loopback_resolver_lead(&host->resolver, network, pid, plan->name_server, failure) == 0)
    return 0;
  if (plan->interface->kind[0] != '\0') (void)network_detach_inside(plan->interface->name, network, &undo);
  else (void)network_detach(plan->interface->host_name, &undo);
  return -1;
}

int disconnect_container(const Berth__Native__V1__DisconnectContainer *plan, const struct host *host, struct failure *failure) {
  pid_t pid;
  if (plan_check_path(plan->state_dir, "state_dir", failure) < 0) return -1;
  bool inside = plan->interface_name[0] != '\0';
  if (!inside && network_detach(plan->host_interface, failure) < 0) return -1;
  cleanup_close int network = open_network(plan->state_dir, host, &pid, failure);
  if (network < 0) return failure->error == ESRCH ? 0 : -1;
  if (inside && network_detach_inside(plan->interface_name, network, failure) < 0) return -1;
  const struct network_routes routes = {plan->gateway, plan->gateway6, plan->gateway_interface, plan->gateway6_interface};
  if (network_route(&routes, network, failure) < 0) return -1;
  return loopback_resolver_lead(&host->resolver, network, pid, plan->name_server, failure);
}
