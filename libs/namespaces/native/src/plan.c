#include "plan.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "plan_parts.h"

#define ARGUMENTS_MAX 65536
#define GROUPS_MAX 65536
#define FILTER_MAX (4096 * 8) /* BPF_MAXINSNS × sizeof(struct sock_filter) */
#define FILTER_FLAGS (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW)
#define HOST_NAME_MAX_LINUX 64

static const uint64_t NAMESPACES =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME |
    CLONE_NEWUSER;

static int check_id(const char *id, struct failure *failure) {
  if (strlen(id) != 64 || strspn(id, "0123456789abcdef") != 64)
    return plan_refuse(failure, "container_id", "is not 64 hexadecimal digits", id);
  return 0;
}

static int check_device(const Berth__Native__V1__Device *device, struct failure *failure) {
  if (plan_check_inside(device->path, "devices.path", failure) < 0) return -1;
  uint32_t type = device->mode & S_IFMT;
  if ((type != S_IFCHR && type != S_IFBLK) || (device->mode & ~(S_IFMT | 07777U)) != 0) {
    return plan_refuse(failure, "devices.mode", "is not that of a device", device->path);
  }
  return 0;
}

/* The values below /proc/sys that belong to a namespace. Any other would change the host. */
static bool is_namespaced(const char *path, uint64_t namespaces) {
  static const char *const IPC[] = {"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
                                    "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced"};
  if ((namespaces & CLONE_NEWNET) != 0 && strncmp(path, "net/", 4) == 0) return true;
  if ((namespaces & CLONE_NEWUTS) != 0 && strcmp(path, "kernel/domainname") == 0) return true;
  if ((namespaces & CLONE_NEWIPC) == 0) return false;
  if (strncmp(path, "fs/mqueue/", 10) == 0) return true;
  for (size_t i = 0; i < sizeof IPC / sizeof IPC[0]; i++) {
    if (strcmp(path, IPC[i]) == 0) return true;
  }
  return false;
}

static int check_sysctls(const container_plan *plan, struct failure *failure) {
  if (plan_check_values(plan->n_sysctls, plan->sysctls, "sysctls", failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_sysctls; i++) {
    if (!is_namespaced(plan->sysctls[i]->path, plan->namespace_flags)) {
      return plan_refuse(failure, "sysctls", "belongs to the host, not to a namespace of the container",
                    plan->sysctls[i]->path);
    }
  }
  return 0;
}

static int check_process(const process_plan *process, struct failure *failure) {
  if (process == NULL) return plan_refuse(failure, "process", "is missing", "");
  if (process->n_arguments == 0 || process->arguments[0][0] == '\0')
    return plan_refuse(failure, "process.arguments", "is empty", "");
  if (plan_check_count(process->n_arguments, ARGUMENTS_MAX, "process.arguments", failure) < 0) return -1;
  if (plan_check_count(process->n_environment, ARGUMENTS_MAX, "process.environment", failure) < 0) return -1;
  if (plan_check_count(process->n_additional_group_ids, GROUPS_MAX, "process.additional_group_ids", failure) < 0) return -1;
  if (plan_check_inside(process->working_directory, "process.working_directory", failure) < 0) return -1;
  /* -1 means "leave as it is" to setresuid(2): it must never get there. */
  if (process->user_id == UINT32_MAX || process->group_id == UINT32_MAX)
    return plan_refuse(failure, "process.user_id", "is 4294967295", "");
  if (process->capabilities == NULL) return plan_refuse(failure, "process.capabilities", "is missing", "");
  if (process->umask > 0777) return plan_refuse(failure, "process.umask", "is not one", "");
  if (process->seccomp_filter.len % 8 != 0 || process->seccomp_filter.len > FILTER_MAX) {
    return plan_refuse(failure, "process.seccomp_filter", "is not a program", "");
  }
  if ((process->seccomp_flags & ~FILTER_FLAGS) != 0) return plan_refuse(failure, "process.seccomp_flags", "are unknown", "");
  if (strlen(process->apparmor_profile) > PROFILE_NAME_MAX)
    return plan_refuse(failure, "process.apparmor_profile", "is too long", process->apparmor_profile);
  if (plan_check_count(process->n_resource_limits, RLIM_NLIMITS, "process.resource_limits", failure) < 0) return -1;
  for (size_t i = 0; i < process->n_resource_limits; i++) {
    const Berth__Native__V1__ResourceLimit *limit = process->resource_limits[i];
    if (limit->resource >= RLIM_NLIMITS || limit->soft > limit->hard)
      return plan_refuse(failure, "process.resource_limits", "is not one", "");
  }
  return 0;
}

static int check_device_rules(const cgroup_plan *cgroup, struct failure *failure) {
  if (cgroup->n_device_rules > 0 && !cgroup->device_program)
    return plan_refuse(failure, "cgroup.device_rules", "need a program", "");
  if (plan_check_count(cgroup->n_device_rules, DEVICE_RULES_MAX, "cgroup.device_rules", failure) < 0) return -1;
  for (size_t i = 0; i < cgroup->n_device_rules; i++) {
    const device_rule *rule = cgroup->device_rules[i];
    bool known = rule->type == 0 || rule->type == S_IFCHR || rule->type == S_IFBLK;
    if (!known || rule->access == 0 || rule->access > 7 || rule->major < -1 || rule->minor < -1) {
      return plan_refuse(failure, "cgroup.device_rules", "has one that is none", "");
    }
  }
  return 0;
}

static int check_cgroup(const cgroup_plan *cgroup, struct failure *failure) {
  if (cgroup == NULL) return 0;
  if (cgroup->unified_dir[0] != '\0' && plan_check_path(cgroup->unified_dir, "cgroup.unified_dir", failure) < 0)
    return -1;
  if (plan_check_values(cgroup->n_values, cgroup->values, "cgroup.values", failure) < 0) return -1;
  if (plan_check_count(cgroup->n_legacy, 16, "cgroup.legacy", failure) < 0) return -1;
  if (check_device_rules(cgroup, failure) < 0) return -1;
  for (size_t i = 0; i < cgroup->n_legacy; i++) {
    const cgroup_directory_plan *legacy = cgroup->legacy[i];
    if (plan_check_path(legacy->dir, "cgroup.legacy.dir", failure) < 0) return -1;
    if (plan_check_values(legacy->n_values, legacy->values, "cgroup.legacy.values", failure) < 0) return -1;
  }
  return 0;
}

static int check_user_namespace(const user_namespace_plan *space, const process_plan *process,
                                struct failure *failure) {
  if (space == NULL) return 0;
  bool mapped = process->user_id < space->count && process->group_id < space->count;
  for (size_t i = 0; i < process->n_additional_group_ids; i++)
    mapped = mapped && process->additional_group_ids[i] < space->count;
  if (!mapped) return plan_refuse(failure, "process", "has an id that its user namespace has not", "");
  if (space->first_id == 0) return plan_refuse(failure, "user_namespace.first_id", "is root of the host", "");
  if (space->count == 0 || space->count > UINT32_MAX - space->first_id)
    return plan_refuse(failure, "user_namespace.count", "is not one", "");
  return 0;
}

/* What lies in a directory, by its name there. NULL when it does not lie in it. */
const char *plan_path_below(const char *directory, const char *path) {
  size_t length = strlen(directory);
  return strncmp(path, directory, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static int check_stored(const rootfs_plan *rootfs, const user_namespace_plan *space, struct failure *failure) {
  const char *const paths[] = {rootfs->layers_dir, rootfs->upper_dir, rootfs->work_dir};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (plan_path_below(space->storage_dir, paths[i]) == NULL)
      return plan_refuse(failure, "rootfs", "does not lie in user_namespace.storage_dir", paths[i]);
  }
  return 0;
}

static int check_storage(const container_plan *plan, struct failure *failure) {
  const user_namespace_plan *space = plan->user_namespace;
  if ((space != NULL) != ((plan->namespace_flags & CLONE_NEWUSER) != 0))
    return plan_refuse(failure, "user_namespace", "and CLONE_NEWUSER go together", "");
  if (space == NULL) return 0;
  if (check_user_namespace(space, plan->process, failure) < 0) return -1;
  if (plan_check_path(space->storage_dir, "user_namespace.storage_dir", failure) < 0) return -1;
  if (check_stored(plan->rootfs, space, failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_mounts; i++) {
    const mount_plan *mount = plan->mounts[i];
    if (mount->source_case != BERTH__NATIVE__V1__MOUNT__SOURCE_IMAGE) continue;
    if (check_stored(mount->image->rootfs, space, failure) < 0) return -1;
  }
  return 0;
}

static int check_lists(const container_plan *plan, struct failure *failure) {
  if (plan_check_count(plan->n_mounts, PLAN_LIST_MAX, "mounts", failure) < 0 ||
      plan_check_count(plan->n_devices, PLAN_LIST_MAX, "devices", failure) < 0 ||
      plan_check_count(plan->n_symlinks, PLAN_LIST_MAX, "symlinks", failure) < 0 ||
      plan_check_count(plan->n_masked_paths, PLAN_LIST_MAX, "masked_paths", failure) < 0 ||
      plan_check_count(plan->n_readonly_paths, PLAN_LIST_MAX, "readonly_paths", failure) < 0) {
    return -1;
  }
  for (size_t i = 0; i < plan->n_mounts; i++) {
    if (plan_check_mount(plan->n_joins, plan->mounts[i], failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_devices; i++) {
    if (check_device(plan->devices[i], failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_symlinks; i++) {
    if (plan_check_inside(plan->symlinks[i]->path, "symlinks.path", failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_masked_paths; i++) {
    if (plan_check_inside(plan->masked_paths[i], "masked_paths", failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_readonly_paths; i++) {
    if (plan_check_inside(plan->readonly_paths[i], "readonly_paths", failure) < 0) return -1;
  }
  return 0;
}

/* Each namespace is the container's own, another's, or the host's. */
static int check_joins(const container_plan *plan, struct failure *failure) {
  static const uint64_t JOINABLE = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
  uint64_t taken = plan->namespace_flags;
  if (plan_check_count(plan->n_joins, PLAN_JOINS_MAX, "joins", failure) < 0) return -1;
  if (plan->n_joins > 0 && plan->user_namespace != NULL)
    return plan_refuse(failure, "joins", "cannot be joined from another user namespace", "");
  for (size_t i = 0; i < plan->n_joins; i++) {
    uint64_t flags = plan->joins[i]->flags;
    if (plan_check_path(plan->joins[i]->state_dir, "joins.state_dir", failure) < 0) return -1;
    if (flags == 0 || (flags & ~JOINABLE) != 0 || (flags & taken) != 0)
      return plan_refuse(failure, "joins.flags", "has a flag that cannot be joined", plan->joins[i]->state_dir);
    taken |= flags;
  }
  return 0;
}

static int check_hostname(const container_plan *plan, struct failure *failure) {
  size_t length = strlen(plan->hostname);
  if (length == 0) return 0;
  if ((plan->namespace_flags & CLONE_NEWUTS) == 0)
    return plan_refuse(failure, "hostname", "needs a UTS namespace", plan->hostname);
  return length <= HOST_NAME_MAX_LINUX ? 0 : plan_refuse(failure, "hostname", "is too long", plan->hostname);
}

/* A root that follows is checked when it is there. */
static int check_root(const container_plan *plan, struct failure *failure) {
  if (!plan->rootfs_follows) return plan_check_rootfs(plan->rootfs, failure);
  if (plan->rootfs != NULL || plan->user_namespace != NULL)
    return plan_refuse(failure, "rootfs_follows", "needs a plan without rootfs and user_namespace", "");
  return 0;
}

int plan_check_container(const container_plan *plan, struct failure *failure) {
  if (check_id(plan->container_id, failure) < 0 || plan_check_path(plan->state_dir, "state_dir", failure) < 0)
    return -1;
  if ((plan->namespace_flags & ~NAMESPACES) != 0)
    return plan_refuse(failure, "namespace_flags", "has an unsupported flag", "");
  if ((plan->namespace_flags & CLONE_NEWNS) == 0)
    return plan_refuse(failure, "namespace_flags", "lacks the mount namespace", "");
  if (check_joins(plan, failure) < 0) return -1;
  if (check_root(plan, failure) < 0 || check_lists(plan, failure) < 0 || check_sysctls(plan, failure) < 0) return -1;
  if (plan_check_values(plan->n_process_files, plan->process_files, "process_files", failure) < 0) return -1;
  if (check_process(plan->process, failure) < 0 || check_storage(plan, failure) < 0 || check_hostname(plan, failure) < 0) return -1;
  if (plan_check_network(plan, failure) < 0 || check_cgroup(plan->cgroup, failure) < 0) return -1;
  if (plan_check_publication(plan->publication, failure) < 0 || plan_check_published_bridge(plan, failure) < 0) return -1;
  return plan->log == NULL ? 0 : plan_check_path(plan->log->path, "log.path", failure);
}

int plan_check_following_root(const request_message *request, struct failure *failure) {
  if (request->request_case == BERTH__NATIVE__V1__REQUEST__REQUEST_ROOTFS)
    return plan_check_rootfs(request->rootfs, failure);
  return plan_refuse(failure, "rootfs", "was to follow, and something else did", "");
}

int plan_check_exec(const exec_plan *plan, struct failure *failure) {
  if (check_id(plan->container_id, failure) < 0 || plan_check_path(plan->state_dir, "state_dir", failure) < 0)
    return -1;
  if (plan_check_path(plan->container_state_dir, "container_state_dir", failure) < 0) return -1;
  if (check_process(plan->process, failure) < 0 || check_user_namespace(plan->user_namespace, plan->process, failure) < 0) return -1;
  return check_cgroup(plan->cgroup, failure);
}

int plan_check_update(const update_plan *plan, struct failure *failure) {
  if (plan_check_path(plan->state_dir, "state_dir", failure) < 0) return -1;
  if (plan->cgroup == NULL || plan->cgroup->unified_dir[0] == '\0') return plan_refuse(failure, "cgroup", "is missing", "");
  if (plan->cgroup->device_program) return plan_refuse(failure, "cgroup.device_rules", "cannot be changed", "");
  return check_cgroup(plan->cgroup, failure);
}

int plan_check_clean_up(const clean_up_plan *plan, struct failure *failure) {
  if (plan_check_path(plan->state_dir, "state_dir", failure) < 0) return -1;
  if (plan_check_publication(plan->publication, failure) < 0) return -1;
  return check_cgroup(plan->cgroup, failure);
}

int plan_check_mount_container(const mount_container_plan *plan, struct failure *failure) {
  if (plan_check_rootfs(plan->rootfs, failure) < 0) return -1;
  if (plan_check_count(plan->n_mounts, PLAN_LIST_MAX, "mounts", failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_mounts; i++) {
    if (plan_check_mount(0, plan->mounts[i], failure) < 0) return -1;
  }
  return 0;
}
