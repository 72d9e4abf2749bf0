#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "cleanup.h"
#include "devices.h"
#include "identity.h"
#include "masks.h"
#include "mounts.h"
#include "network.h"
#include "overlay.h"
#include "root.h"
#include "root_enter.h"
#include "syscalls.h"
#include "terminal.h"
#include "user_namespace.h"
#include "wire.h"

struct setup {
  const container_plan *plan;
  const rootfs_plan *rootfs;
  int connection;
  struct arena *arena;
  const struct joins *joins;
  const struct volumes *volumes;
  const struct cgroup *cgroup;
  struct child *child;
  int root; /* the container's root directory */
  struct own_mounts own;
  int sources[PLAN_LIST_MAX]; /* of the bind mounts, see mount_open_sources */
};

static int step_session(struct setup *setup, struct failure *failure) {
  (void)setup;
  (void)umask(0);
  if (setsid() < 0) return fail(failure, "session", errno, "lead a session");
  return 0;
}

static int step_apparmor(struct setup *setup, struct failure *failure) {
  return identity_confine(setup->plan->process, failure);
}

static int step_join(struct setup *setup, struct failure *failure) {
  return joins_enter(setup->joins, setup->plan, failure);
}

/* clone3 would root the new cgroup namespace in the keeper's cgroup, not in that which CLONE_INTO_CGROUP gives: so it
 * is unshared here. */
static int step_cgroup(struct setup *setup, struct failure *failure) {
  if (cgroup_join_legacy(setup->cgroup, failure) < 0) return -1;
  if ((setup->plan->namespace_flags & CLONE_NEWCGROUP) != 0 && unshare(CLONE_NEWCGROUP) < 0) {
    return fail(failure, "cgroup", errno, "unshare the cgroup namespace");
  }
  return 0;
}

static bool has_user_namespace(const struct setup *setup) { return setup->plan->user_namespace != NULL; }

static int step_sources(struct setup *setup, struct failure *failure) {
  if (!has_user_namespace(setup) && mount_open_propagating(setup->plan, setup->sources, failure) < 0) return -1;
  /* Nothing that is mounted from here on may show on the host, nor the other way round. */
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return fail(failure, "mount", errno, "make the mounts private");
  if (has_user_namespace(setup))
    return user_namespace_receive(setup->child->sync, setup->plan, setup->volumes, &setup->root, setup->sources, failure);
  return mount_open_sources(setup->plan, setup->joins, setup->volumes, setup->sources, failure);
}

/*
 * A root that is not known when the start begins is waited for here, as long as its client lives: all that is done until now, and what
 * the keeper does meanwhile, needs none.
 */
static int step_rootfs(struct setup *setup, struct failure *failure) {
  const struct timeval patience = {0};
  setup->rootfs = setup->plan->rootfs;
  if (!setup->plan->rootfs_follows) return 0;
  if (setsockopt(setup->connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
    return fail(failure, "overlay", errno, "wait for the root");
  const request_message *request = wire_receive_request(setup->connection, setup->arena, failure);
  if (request == NULL || plan_check_following_root(request, failure) < 0) return -1;
  setup->rootfs = request->rootfs;
  return 0;
}

/* In a user namespace the way to the layers is open to the host's ids, and all that comes after is the container's. */
static int step_overlay(struct setup *setup, struct failure *failure) {
  if (has_user_namespace(setup)) {
    if (overlay_attach(setup->rootfs, setup->root, failure) < 0) return -1;
    return user_namespace_become_root(failure);
  }
  setup->root = overlay_mount(setup->rootfs, failure);
  return setup->root < 0 ? -1 : 0;
}

static int step_mounts(struct setup *setup, struct failure *failure) {
  const struct mount_list list = {setup->plan->mounts, setup->plan->n_mounts, setup->sources};
  for (size_t i = 0; i < list.count; i++) {
    if (mount_attach(setup->root, &list, i, &setup->own, failure) < 0) return -1;
  }
  return 0;
}

static int step_devices(struct setup *setup, struct failure *failure) {
  return make_devices(setup->root, setup->plan, failure);
}

static int step_terminal(struct setup *setup, struct failure *failure) {
  if (!setup->plan->process->terminal) return 0;
  if (setup->own.devpts < 0) return fail(failure, "terminal", ENOENT, "the plan has no devpts");
  if (terminal_open(setup->child, setup->own.devpts, setup->plan->process, failure) < 0) return -1;
  return terminal_bind_console(setup->root, setup->child, failure);
}

static int step_hostname(struct setup *setup, struct failure *failure) {
  const char *name = setup->plan->hostname;
  if (name[0] == '\0' || sethostname(name, strlen(name)) == 0) return 0;
  return fail(failure, "hostname", errno, "set the host name \"%.64s\"", name);
}

static int step_loopback(struct setup *setup, struct failure *failure) {
  if (!setup->plan->loopback || setup->plan->network != NULL) return 0;
  return network_loopback_up(failure);
}

/*
 * Writes below a proc mount of our own making, by descriptor: what the image, a volume or a bind mount shows at /proc
 * does not matter (CVE-2025-52881). No other mount and no link is crossed.
 */
static int write_proc(int proc, const char *path, const char *value) {
  cleanup_close int fd = sys_openat2(proc, path, O_WRONLY | O_CLOEXEC,
                                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
  if (fd < 0) return -1;
  return write(fd, value, strlen(value)) < 0 ? -1 : 0;
}

static int write_sysctls(int proc, const container_plan *plan, struct failure *failure) {
  char path[PATH_MAX];
  for (size_t i = 0; i < plan->n_sysctls; i++) {
    (void)snprintf(path, sizeof path, "sys/%s", plan->sysctls[i]->path);
    if (write_proc(proc, path, plan->sysctls[i]->value) < 0) {
      return fail(failure, "sysctl", errno, "write \"%.64s\" to %.128s", plan->sysctls[i]->value,
                  plan->sysctls[i]->path);
    }
  }
  return 0;
}

static int write_process_files(int proc, const container_plan *plan, struct failure *failure) {
  char path[PATH_MAX];
  for (size_t i = 0; i < plan->n_process_files; i++) {
    (void)snprintf(path, sizeof path, "%d/%s", getpid(), plan->process_files[i]->path);
    if (write_proc(proc, path, plan->process_files[i]->value) == 0 || errno == EPERM || errno == EACCES) continue;
    return fail(failure, "sysctl", errno, "write \"%.64s\" to %.128s", plan->process_files[i]->value, path);
  }
  return 0;
}

static int step_sysctls(struct setup *setup, struct failure *failure) {
  if (setup->plan->n_sysctls == 0 && setup->plan->n_process_files == 0) return 0;
  if (setup->own.proc < 0) {
    setup->own.proc = mount_filesystem("proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  }
  if (setup->own.proc < 0) return fail(failure, "sysctl", errno, "mount a private proc");
  if (write_sysctls(setup->own.proc, setup->plan, failure) < 0) return -1;
  /* In a user namespace the keeper has written them: /proc shows this process as the host's as long as it is undumpable. */
  return has_user_namespace(setup) ? 0 : write_process_files(setup->own.proc, setup->plan, failure);
}

static int step_masks(struct setup *setup, struct failure *failure) {
  const container_plan *plan = setup->plan;
  if (make_paths_readonly(setup->root, plan->readonly_paths, plan->n_readonly_paths, failure) < 0) return -1;
  return mask_paths(setup->root, plan->masked_paths, plan->n_masked_paths, failure);
}

static int step_working_directory(struct setup *setup, struct failure *failure) {
  return process_open_working_directory(setup->child, setup->root, setup->plan->process, failure);
}

static int step_pivot(struct setup *setup, struct failure *failure) {
  return root_enter(setup->root, setup->rootfs->readonly, failure);
}

static int step_execute(struct setup *setup, struct failure *failure) {
  return process_execute(setup->child, setup->plan->process, failure);
}

/* The order matters: host paths are reachable until the pivot, and what is made in the root is made before it becomes
 * read-only. */
static const struct {
  const char *name;
  int (*run)(struct setup *, struct failure *);
} STEPS[] = {
    {"session", step_session},   {"apparmor", step_apparmor}, {"join", step_join},         {"cgroup", step_cgroup},
    {"sources", step_sources},   {"rootfs", step_rootfs},     {"overlay", step_overlay},   {"mounts", step_mounts},     {"device", step_devices},
    {"terminal", step_terminal}, {"hostname", step_hostname}, {"loopback", step_loopback},
    {"sysctl", step_sysctls},    {"mask", step_masks},        {"cwd", step_working_directory},
    {"pivot", step_pivot},       {"execute", step_execute},
};

int init_run(struct child *child, const struct container_context *context, const struct cgroup *cgroup,
             struct failure *failure) {
  struct setup setup = {.plan = context->plan,
                        .connection = context->connection,
                        .arena = context->arena,
                        .joins = context->joins,
                        .volumes = context->volumes,
                        .cgroup = cgroup,
                        .child = child,
                        .root = -1,
                        .own = {.devpts = -1, .proc = -1}};
  for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
    if (STEPS[i].run(&setup, failure) < 0) return -1;
    timings_lap(&child->timings, STEPS[i].name);
  }
  return -1;
}
