#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "exec.h"
#include "identity.h"
#include "init.h"
#include "io.h"
#include "joins.h"
#include "keeper.h"
#include "keeper_filter.h"
#include "launch.h"
#include "memory.h"
#include "network.h"
#include "service.h"
#include "user_namespace.h"
#include "volumes.h"
#include "wire.h"

static int send_started(int connection, const struct keeper *keeper, const struct timings *timings) {
  Berth__Native__V1__Timing entries[TIMINGS_MAX];
  Berth__Native__V1__Timing *pointers[TIMINGS_MAX];
  for (size_t i = 0; i < timings->count; i++) {
    berth__native__v1__timing__init(&entries[i]);
    entries[i].step = (char *)timings->entries[i].step;
    entries[i].nanos = timings->entries[i].nanos;
    pointers[i] = &entries[i];
  }
  Berth__Native__V1__Started started = BERTH__NATIVE__V1__STARTED__INIT;
  started.pid = (uint32_t)keeper->pid;
  started.keeper_pid = keeper->record.keeper_pid;
  started.started_unix_nanos = unix_nanos();
  started.n_timings = timings->count;
  started.timings = pointers;
  reply_message reply = BERTH__NATIVE__V1__REPLY__INIT;
  reply.reply_case = BERTH__NATIVE__V1__REPLY__REPLY_STARTED;
  reply.started = &started;
  return wire_send_reply(connection, &reply);
}

static int run_container_child(struct child *child, const struct keeper *keeper, const void *plan,
                               struct failure *failure) {
  const struct container_context *context = plan;
  return init_run(child, context, &keeper->cgroup, failure);
}

static int open_namespace(const struct keeper *keeper, const char *name) {
  char path[32];
  (void)snprintf(path, sizeof path, "/proc/%d/ns/%s", keeper->pid, name);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static int attach_interface(struct keeper *keeper, const Berth__Native__V1__NetworkInterface *interface, int network,
                            struct failure *failure) {
  int result = network_attach(interface, network, failure);
  /* After an exit the kernel takes the old interface away in its own time; a start that follows at once does not wait
   * for that. */
  if (result < 0 && failure->error == EEXIST && network_detach(interface->host_name, failure) == 0) {
    result = network_attach(interface, network, failure);
  }
  keeper->has_interface = keeper->has_interface || result == 0;
  return result;
}

/* The one on the bridge that the container is published by; there is one (plan_check_container). */
static const Berth__Native__V1__NetworkInterface *published_interface(const container_plan *plan) {
  if (plan->publication == NULL) return plan->network;
  for (size_t i = 0; i < plan->n_further_networks; i++) {
    if (strcmp(plan->further_networks[i]->bridge, plan->publication->bridge) == 0) return plan->further_networks[i];
  }
  return plan->network;
}

static int accompany_container(struct keeper *keeper, int sync, const void *plan, struct failure *failure) {
  const struct container_context *context = plan;
  const container_plan *container = context->plan;
  if (container->user_namespace != NULL && user_namespace_prepare(keeper->pid, sync, context, failure) < 0) return -1;
  keeper->mounts = open_namespace(keeper, "mnt");
  if (keeper->mounts < 0) return fail(failure, "clone", errno, "open the mount namespace");
  if (container->network == NULL) return 0;
  cleanup_close int network = open_namespace(keeper, "net");
  if (network < 0) return fail(failure, "network", errno, "open the network namespace");
  if (attach_interface(keeper, container->network, network, failure) < 0) return -1;
  for (size_t i = 0; i < container->n_further_networks; i++) {
    if (attach_interface(keeper, container->further_networks[i], network, failure) < 0) return -1;
  }
  if (container->name_server[0] != '\0' &&
      loopback_resolver_lead(context->resolver, network, keeper->pid, container->name_server, failure) < 0)
    return -1;
  return publication_announce(&keeper->publication, published_interface(container), failure);
}

/* After a launch that failed, however many interfaces there were by then. */
static void detach_interfaces(const struct keeper *keeper, const container_plan *plan) {
  struct failure undo;
  if (!keeper->has_interface) return;
  (void)network_detach(plan->network->host_name, &undo);
  for (size_t i = 0; i < plan->n_further_networks; i++) (void)network_detach(plan->further_networks[i]->host_name, &undo);
}

/* The programs of the engine's directory do not reach a container that lies elsewhere. */
static int attach_resolver(const struct keeper *keeper, const container_plan *plan, const struct host *host, struct failure *failure) {
  if (keeper->cgroup.unified < 0 || host->cgroup_dir == NULL || plan_path_below(host->cgroup_dir, plan->cgroup->unified_dir) != NULL)
    return 0;
  return loopback_resolver_attach(&host->resolver, keeper->cgroup.unified, failure);
}

static int prepare_container(struct keeper *keeper, const container_plan *plan, const struct host *host,
                             struct timings *timings, struct failure *failure) {
  if (plan_check_container(plan, failure) < 0) return -1;
  timings_lap(timings, "plan");
  if (keeper_open(keeper, plan->state_dir, host, failure) < 0) return -1;
  timings_lap(timings, "state");
  keeper->record.namespace_flags = plan->namespace_flags;
  for (size_t i = 0; i < plan->n_joins; i++) keeper->record.namespace_flags |= plan->joins[i]->flags;
  keeper->owns_pids = (plan->namespace_flags & CLONE_NEWPID) != 0;
  keeper->stdin_once = plan->stdin_once;
  keeper->detached = plan->detached;
  keeper->terminal = plan->process->terminal;
  if (publication_hold(&keeper->publication, plan->publication, failure) < 0) return -1;
  if (log_open(&keeper->log, plan->log, failure) < 0) return -1;
  if (cgroup_create(&keeper->cgroup, plan->cgroup, keeper->state_dir, failure) < 0) return -1;
  if (attach_resolver(keeper, plan, host, failure) < 0) return -1;
  timings_lap(timings, "cgroup");
  return 0;
}

/* Whoever waits for the end of the spawner's output must not wait for that of every container. */
static void leave_spawner_streams(void) {
  cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; null >= 0 && fd < 3; fd++) (void)dup2(null, fd);
}

/* Tells the client how it went, and either serves or undoes. A client that is gone changes nothing for a process that
 * runs. */
static void finish(int connection, struct keeper *keeper, struct arena *arena, struct host *host, int result,
                   const struct timings *timings, const struct failure *failure) {
  loopback_resolver_close(&host->resolver);
  if (result < 0) {
    keeper_discard(keeper);
    wire_send_failure(connection, failure);
    publication_close(&keeper->publication);
    arena_close(arena);
    return;
  }
  bool told = send_started(connection, keeper, timings) == 0;
  arena_close(arena);
  leave_spawner_streams();
  memory_trim();
  identity_drop_to_keeper(keeper->publication.netfilter >= 0);
#ifndef __SANITIZE_ADDRESS__ /* the sanitizers call what a keeper does not */
  (void)keeper_filter_load();
#endif
  service_run(keeper, told ? connection : -1);
}

/* A client that sends a root to one that has hung up learns that, and not why. */
static void await_hang_up(int connection) {
  uint8_t rest[4096];
  while (read_full(connection, rest, sizeof rest) > 0) continue;
}

/* With a user namespace the network must be one of its own making, or its root has no rights over it. */
static struct spare_network *usable_spare(const container_plan *plan, struct host *host) {
  const bool wanted = (plan->namespace_flags & CLONE_NEWNET) != 0 && plan->user_namespace == NULL;
  return wanted && host->spare.fd >= 0 ? &host->spare : NULL;
}

void start_container(int connection, const container_plan *plan, struct arena *arena, struct host *host) {
  struct failure failure = {0};
  struct timings timings;
  struct keeper keeper = KEEPER_NONE;
  const bool rootfs_follows = plan->rootfs_follows;
  timings_start(&timings);
  struct joins joins = {0};
  int result = prepare_container(&keeper, plan, host, &timings, &failure);
  if (result == 0) result = joins_open(&joins, plan, host, &failure);
  struct volumes volumes = {0};
  if (result == 0) result = volumes_open(&volumes, plan->mounts, plan->n_mounts, host, &failure);
  if (result == 0) {
    if (plan->user_namespace != NULL) user_namespace_raise_limits(plan->process);
    const struct container_context context = {.plan = plan,
                                              .joins = &joins,
                                              .volumes = &volumes,
                                              .resolver = &host->resolver,
                                              .connection = connection,
                                              .arena = arena};
    struct spare_network *spare = usable_spare(plan, host);
    const uint64_t given = CLONE_NEWCGROUP | (spare == NULL ? 0 : CLONE_NEWNET);
    const struct launch how = {
        .clone_flags = plan->namespace_flags & ~given,
        .spare = spare,
        .terminal = plan->process->terminal,
        .open_stdin = plan->open_stdin,
        .stream_owner = user_namespace_owner(plan->user_namespace, plan->process),
        .plan = &context,
        .child = run_container_child,
        .meanwhile = accompany_container,
    };
    result = launch(&keeper, &how, &timings, &failure);
    if (result < 0) detach_interfaces(&keeper, plan);
  }
  joins_close(&joins);
  volumes_close(&volumes);
  spare_network_discard(&host->spare);
  finish(connection, &keeper, arena, host, result, &timings, &failure);
  if (result < 0 && rootfs_follows) await_hang_up(connection);
}

static int run_exec_child(struct child *child, const struct keeper *keeper, const void *plan, struct failure *failure) {
  return exec_run(child, plan, &keeper->cgroup, failure);
}

static int prepare_exec(struct keeper *keeper, const exec_plan *plan, const struct host *host, struct timings *timings,
                        struct failure *failure) {
  if (plan_check_exec(plan, failure) < 0) return -1;
  timings_lap(timings, "plan");
  keeper->is_exec = true;
  if (keeper_open(keeper, plan->state_dir, host, failure) < 0) return -1;
  timings_lap(timings, "state");
  keeper->stdin_once = true;
  keeper->detached = plan->detached;
  keeper->terminal = plan->process->terminal;
  return 0;
}

void start_exec(int connection, const exec_plan *plan, struct arena *arena, struct host *host) {
  struct failure failure = {0};
  struct timings timings;
  struct keeper keeper = KEEPER_NONE;
  struct target target = TARGET_NONE;
  timings_start(&timings);
  int result = prepare_exec(&keeper, plan, host, &timings, &failure);
  if (result == 0) result = exec_open_target(&target, plan, host, &failure);
  if (result == 0) result = exec_open_cgroup(&keeper.cgroup, plan, &target, &failure);
  keeper.oom_kills = cgroup_oom_kills(&keeper.cgroup);
  if (result == 0) {
    const struct exec_context context = {.plan = plan, .target = &target};
    const struct launch how = {
        .terminal = plan->process->terminal,
        .open_stdin = plan->open_stdin,
        .stream_owner = user_namespace_owner(plan->user_namespace, plan->process),
        .plan = &context,
        .child = run_exec_child,
    };
    if (plan->user_namespace != NULL) user_namespace_raise_limits(plan->process);
    timings_lap(&timings, "setns");
    result = launch(&keeper, &how, &timings, &failure);
  }
  target_close(&target);
  finish(connection, &keeper, arena, host, result, &timings, &failure);
}
