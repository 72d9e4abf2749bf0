#include "holder.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "mounts.h"
#include "overlay.h"
#include "root_enter.h"
#include "volumes.h"
#include "wire.h"

static int open_sources(const mount_container_plan *plan, const struct volumes *volumes, int *sources,
                        struct failure *failure) {
  for (size_t i = 0; i < plan->n_mounts; i++) {
    sources[i] = volumes->fds[i];
    if (sources[i] >= 0) continue;
    if (mount_open_source(plan->mounts[i], &sources[i], failure) < 0) return -1;
  }
  return 0;
}

static int attach_all(int root, const mount_container_plan *plan, int *sources, struct failure *failure) {
  struct own_mounts own = {.devpts = -1, .proc = -1};
  const struct mount_list list = {plan->mounts, plan->n_mounts, sources};
  for (size_t i = 0; i < list.count; i++) {
    if (mount_attach(root, &list, i, &own, failure) < 0) return -1;
  }
  return 0;
}

/* The order is that of a start: sources are opened before the root could cover them. */
static int mount_all(const mount_container_plan *plan, const struct host *host, struct failure *failure) {
  static int sources[PLAN_LIST_MAX];
  static struct volumes volumes;
  if (plan_check_mount_container(plan, failure) < 0) return -1;
  if (volumes_open(&volumes, plan->mounts, plan->n_mounts, host, failure) < 0) return -1;
  if (unshare(CLONE_NEWNS) < 0) return fail(failure, "mount", errno, "make a mount namespace");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return fail(failure, "mount", errno, "make the mounts private");
  if (open_sources(plan, &volumes, sources, failure) < 0) return -1;
  cleanup_close int root = overlay_mount(plan->rootfs, failure);
  if (root < 0 || attach_all(root, plan, sources, failure) < 0) return -1;
  return root_enter(root, plan->rootfs->readonly, failure);
}

static int tell_mounted(int connection) {
  Berth__Native__V1__Mounted mounted = BERTH__NATIVE__V1__MOUNTED__INIT;
  mounted.pid = (uint32_t)getpid();
  reply_message reply = BERTH__NATIVE__V1__REPLY__INIT;
  reply.reply_case = BERTH__NATIVE__V1__REPLY__REPLY_MOUNTED;
  reply.mounted = &mounted;
  return wire_send_reply(connection, &reply);
}

/* Nothing is expected on the connection but its end; anything else is taken for that. */
static void wait_for_end(int connection) {
  struct pollfd poll_connection = {.fd = connection, .events = POLLIN};
  while (poll(&poll_connection, 1, -1) < 0 && errno == EINTR) continue;
}

void hold_container(int connection, const mount_container_plan *plan, const struct host *host) {
  struct failure failure = {0};
  if (mount_all(plan, host, &failure) < 0) {
    wire_send_failure(connection, &failure);
  } else if (tell_mounted(connection) == 0) {
    wait_for_end(connection);
  }
}
