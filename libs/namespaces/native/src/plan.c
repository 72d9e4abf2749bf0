#include "plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "publication.h"
#include "syscalls.h"

#define LOWER_DIRS_MAX 500 /* OVL_MAX_STACK */
#define ARGUMENTS_MAX 65536
#define GROUPS_MAX 65536
#define FILTER_MAX (4096 * 8) /* BPF_MAXINSNS × sizeof(struct sock_filter) */
#define FILTER_FLAGS (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW)
#define HOST_NAME_MAX_LINUX 64
#define INTERFACE_NAME_MAX 15
#define FSCONFIG_VALUE_MAX 255

static const uint64_t NAMESPACES =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME |
    CLONE_NEWUSER;
static const uint64_t ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                                   MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW;

static int refuse(struct failure *failure, const char *field, const char *why, const char *value) {
  return fail(failure, "plan", EINVAL, "%s %s: \"%.128s\"", field, why, value);
}

static int check_count(size_t count, size_t max, const char *field, struct failure *failure) {
  return count <= max ? 0
                      : fail(failure, "plan", E2BIG, "%s has %zu entries, at most %zu are allowed", field, count, max);
}

/* No component of the path is empty, "." or "..". */
static bool is_clean(const char *path) {
  while (*path != '\0') {
    size_t length = strcspn(path, "/");
    if (length == 0 || (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.'))
      return false;
    path += length;
    if (*path == '/' && *++path == '\0') return false;
  }
  return true;
}

int plan_check_path(const char *path, const char *field, struct failure *failure) {
  if (strlen(path) >= PATH_MAX) return refuse(failure, field, "is too long", path);
  if (path[0] != '/' || !is_clean(path + 1)) return refuse(failure, field, "is not a clean absolute path", path);
  return 0;
}

/* Only letters, digits and the characters of `more`. */
static bool has_only(const char *text, const char *more) {
  for (; *text != '\0'; text++) {
    bool plain = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
    if (!plain && strchr(more, *text) == NULL) return false;
  }
  return true;
}

static int check_relative(const char *path, const char *field, struct failure *failure) {
  bool good = path[0] != '\0' && strlen(path) <= FSCONFIG_VALUE_MAX && has_only(path, "._-/") && is_clean(path);
  return good ? 0 : refuse(failure, field, "is not a clean relative path", path);
}

/* A path in the container may hold empty and "." components, but never "..". */
static int check_inside(const char *path, const char *field, struct failure *failure) {
  if (path[0] != '/' || strlen(path) >= PATH_MAX) return refuse(failure, field, "is not an absolute path", path);
  for (const char *at = path; *at != '\0';) {
    at += strspn(at, "/");
    size_t length = strcspn(at, "/");
    if (length == 2 && at[0] == '.' && at[1] == '.') return refuse(failure, field, "has a '..' in it", path);
    if (length > NAME_MAX) return refuse(failure, field, "has a name that is too long", path);
    at += length;
  }
  return 0;
}

static int check_id(const char *id, struct failure *failure) {
  if (strlen(id) != 64 || strspn(id, "0123456789abcdef") != 64)
    return refuse(failure, "container_id", "is not 64 hexadecimal digits", id);
  return 0;
}

static int check_rootfs(const rootfs_plan *rootfs, struct failure *failure) {
  if (rootfs == NULL) return refuse(failure, "rootfs", "is missing", "");
  if (plan_check_path(rootfs->layers_dir, "rootfs.layers_dir", failure) < 0) return -1;
  if (plan_check_path(rootfs->upper_dir, "rootfs.upper_dir", failure) < 0) return -1;
  if (plan_check_path(rootfs->work_dir, "rootfs.work_dir", failure) < 0) return -1;
  if (rootfs->n_lower_dirs == 0) return refuse(failure, "rootfs.lower_dirs", "is empty", "");
  if (check_count(rootfs->n_lower_dirs, LOWER_DIRS_MAX, "rootfs.lower_dirs", failure) < 0) return -1;
  for (size_t i = 0; i < rootfs->n_lower_dirs; i++) {
    if (check_relative(rootfs->lower_dirs[i], "rootfs.lower_dirs", failure) < 0) return -1;
  }
  return 0;
}

static int check_options(size_t count, char *const *options, struct failure *failure) {
  if (check_count(count, 32, "mounts.options", failure) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    if (strlen(options[i]) > FSCONFIG_VALUE_MAX) return refuse(failure, "mounts.options", "is too long", options[i]);
  }
  return 0;
}

static int check_filesystem(const Berth__Native__V1__FilesystemMount *filesystem, struct failure *failure) {
  static const char *const TYPES[] = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2", "cgroup"};
  bool known = false;
  for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) known = known || strcmp(filesystem->type, TYPES[i]) == 0;
  if (!known) return refuse(failure, "mounts.type", "is not one that a container may have", filesystem->type);
  return check_options(filesystem->n_options, filesystem->options, failure);
}

static int check_subpath(const char *path, const char *field, struct failure *failure) {
  bool good = path[0] == '\0' || (strlen(path) < PATH_MAX && is_clean(path));
  return good ? 0 : refuse(failure, field, "is not a clean relative path", path);
}

static int check_volume(const volume_plan *volume, struct failure *failure) {
  if (volume->type[0] == '\0' || !has_only(volume->type, "._-")) return refuse(failure, "mounts.volume.type", "is not one", volume->type);
  if (volume->device[0] == '\0' || strlen(volume->device) > FSCONFIG_VALUE_MAX)
    return refuse(failure, "mounts.volume.device", "is missing or too long", volume->device);
  if (check_options(volume->n_options, volume->options, failure) < 0) return -1;
  if (check_subpath(volume->subpath, "mounts.volume.subpath", failure) < 0) return -1;
  if (volume->peer_state_dir[0] == '\0') return 0;
  if (plan_check_path(volume->peer_state_dir, "mounts.volume.peer_state_dir", failure) < 0) return -1;
  return plan_check_path(volume->peer_path, "mounts.volume.peer_path", failure);
}

static int check_bind(const Berth__Native__V1__BindMount *bind, struct failure *failure) {
  if (plan_check_path(bind->source, "mounts.bind.source", failure) < 0) return -1;
  if (bind->propagation != 0 && bind->propagation != MS_SHARED && bind->propagation != MS_SLAVE)
    return refuse(failure, "mounts.bind.propagation", "is neither MS_SHARED nor MS_SLAVE", bind->source);
  return check_subpath(bind->subpath, "mounts.bind.subpath", failure);
}

static int check_mount(size_t join_count, const mount_plan *mount, struct failure *failure) {
  if (check_inside(mount->target, "mounts.target", failure) < 0) return -1;
  if (strspn(mount->target, "/") == strlen(mount->target))
    return refuse(failure, "mounts.target", "is the root", mount->target);
  if ((mount->attributes & ~ATTRIBUTES) != 0)
    return refuse(failure, "mounts.attributes", "has an unknown flag", mount->target);
  switch (mount->source_case) {
    case BERTH__NATIVE__V1__MOUNT__SOURCE_FILESYSTEM:
      return check_filesystem(mount->filesystem, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_BIND:
      return check_bind(mount->bind, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_VOLUME:
      return check_volume(mount->volume, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_IMAGE:
      if (check_rootfs(mount->image->rootfs, failure) < 0) return -1;
      return check_subpath(mount->image->subpath, "mounts.image.subpath", failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_SHARED:
      if (mount->shared->join >= join_count)
        return refuse(failure, "mounts.shared.join", "is none of the plan's", mount->target);
      return plan_check_path(mount->shared->path, "mounts.shared.path", failure);
    default:
      return refuse(failure, "mounts.source", "is missing", mount->target);
  }
}

static int check_device(const Berth__Native__V1__Device *device, struct failure *failure) {
  if (check_inside(device->path, "devices.path", failure) < 0) return -1;
  uint32_t type = device->mode & S_IFMT;
  if ((type != S_IFCHR && type != S_IFBLK) || (device->mode & ~(S_IFMT | 07777U)) != 0) {
    return refuse(failure, "devices.mode", "is not that of a device", device->path);
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

static int check_values(size_t count, file_value *const *values, const char *field, struct failure *failure) {
  if (check_count(count, PLAN_LIST_MAX, field, failure) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    if (check_relative(values[i]->path, field, failure) < 0) return -1;
  }
  return 0;
}

static int check_sysctls(const container_plan *plan, struct failure *failure) {
  if (check_values(plan->n_sysctls, plan->sysctls, "sysctls", failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_sysctls; i++) {
    if (!is_namespaced(plan->sysctls[i]->path, plan->namespace_flags)) {
      return refuse(failure, "sysctls", "belongs to the host, not to a namespace of the container",
                    plan->sysctls[i]->path);
    }
  }
  return 0;
}

static int check_process(const process_plan *process, struct failure *failure) {
  if (process == NULL) return refuse(failure, "process", "is missing", "");
  if (process->n_arguments == 0 || process->arguments[0][0] == '\0')
    return refuse(failure, "process.arguments", "is empty", "");
  if (check_count(process->n_arguments, ARGUMENTS_MAX, "process.arguments", failure) < 0) return -1;
  if (check_count(process->n_environment, ARGUMENTS_MAX, "process.environment", failure) < 0) return -1;
  if (check_count(process->n_additional_group_ids, GROUPS_MAX, "process.additional_group_ids", failure) < 0) return -1;
  if (check_inside(process->working_directory, "process.working_directory", failure) < 0) return -1;
  /* -1 means "leave as it is" to setresuid(2): it must never get there. */
  if (process->user_id == UINT32_MAX || process->group_id == UINT32_MAX)
    return refuse(failure, "process.user_id", "is 4294967295", "");
  if (process->capabilities == NULL) return refuse(failure, "process.capabilities", "is missing", "");
  if (process->umask > 0777) return refuse(failure, "process.umask", "is not one", "");
  if (process->seccomp_filter.len % 8 != 0 || process->seccomp_filter.len > FILTER_MAX) {
    return refuse(failure, "process.seccomp_filter", "is not a program", "");
  }
  if ((process->seccomp_flags & ~FILTER_FLAGS) != 0) return refuse(failure, "process.seccomp_flags", "are unknown", "");
  if (strlen(process->apparmor_profile) > PROFILE_NAME_MAX)
    return refuse(failure, "process.apparmor_profile", "is too long", process->apparmor_profile);
  if (check_count(process->n_resource_limits, RLIM_NLIMITS, "process.resource_limits", failure) < 0) return -1;
  for (size_t i = 0; i < process->n_resource_limits; i++) {
    const Berth__Native__V1__ResourceLimit *limit = process->resource_limits[i];
    if (limit->resource >= RLIM_NLIMITS || limit->soft > limit->hard)
      return refuse(failure, "process.resource_limits", "is not one", "");
  }
  return 0;
}

static int check_device_rules(const cgroup_plan *cgroup, struct failure *failure) {
  if (cgroup->n_device_rules > 0 && !cgroup->device_program)
    return refuse(failure, "cgroup.device_rules", "need a program", "");
  if (check_count(cgroup->n_device_rules, DEVICE_RULES_MAX, "cgroup.device_rules", failure) < 0) return -1;
  for (size_t i = 0; i < cgroup->n_device_rules; i++) {
    const device_rule *rule = cgroup->device_rules[i];
    bool known = rule->type == 0 || rule->type == S_IFCHR || rule->type == S_IFBLK;
    if (!known || rule->access == 0 || rule->access > 7 || rule->major < -1 || rule->minor < -1) {
      return refuse(failure, "cgroup.device_rules", "has one that is none", "");
    }
  }
  return 0;
}

static int check_cgroup(const cgroup_plan *cgroup, struct failure *failure) {
  if (cgroup == NULL) return 0;
  if (cgroup->unified_dir[0] != '\0' && plan_check_path(cgroup->unified_dir, "cgroup.unified_dir", failure) < 0)
    return -1;
  if (check_values(cgroup->n_values, cgroup->values, "cgroup.values", failure) < 0) return -1;
  if (check_count(cgroup->n_legacy, 16, "cgroup.legacy", failure) < 0) return -1;
  if (check_device_rules(cgroup, failure) < 0) return -1;
  for (size_t i = 0; i < cgroup->n_legacy; i++) {
    const cgroup_directory_plan *legacy = cgroup->legacy[i];
    if (plan_check_path(legacy->dir, "cgroup.legacy.dir", failure) < 0) return -1;
    if (check_values(legacy->n_values, legacy->values, "cgroup.legacy.values", failure) < 0) return -1;
  }
  return 0;
}

static int check_interface(const Berth__Native__V1__NetworkInterface *network, struct failure *failure) {
  const char *const names[] = {network->host_name, network->name, network->bridge};
  for (size_t i = 0; i < 3; i++) {
    size_t length = strlen(names[i]);
    if (length == 0 || length > INTERFACE_NAME_MAX || !has_only(names[i], "._-") || !is_clean(names[i])) {
      return refuse(failure, "network", "has a bad interface name", names[i]);
    }
  }
  if (network->hardware_address.len != 6) return refuse(failure, "network.hardware_address", "is not six bytes", "");
  if (network->kind[0] != '\0' && strcmp(network->kind, "macvlan") != 0)
    return refuse(failure, "network.kind", "is not known", network->kind);
  return 0;
}

static int check_network(const container_plan *plan, struct failure *failure) {
  bool own = (plan->namespace_flags & CLONE_NEWNET) != 0;
  if (plan->loopback && !own) return refuse(failure, "loopback", "needs a network namespace", "");
  if (plan->network == NULL && plan->n_further_networks > 0) return refuse(failure, "further_networks", "need a first one", "");
  if (plan->network == NULL) return 0;
  if (!own) return refuse(failure, "network", "needs a network namespace", "");
  if (check_count(plan->n_further_networks, PLAN_LIST_MAX, "further_networks", failure) < 0) return -1;
  if (check_interface(plan->network, failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_further_networks; i++) {
    if (check_interface(plan->further_networks[i], failure) < 0) return -1;
  }
  return 0;
}

int plan_check_ports(size_t count, published_port_plan *const *ports, struct failure *failure) {
  union published_address address;
  if (check_count(count, PUBLISHED_PORTS_MAX, "ports", failure) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    const published_port_plan *port = ports[i];
    const int family = strchr(port->address, ':') ? AF_INET6 : AF_INET;
    if (!published_address_read(family, port->host_address, &address) || !published_address_read(family, port->address, &address))
      return refuse(failure, "ports", "has a bad address", port->host_address);
    if (port->host_port == 0 || port->host_port > UINT16_MAX || port->port == 0 || port->port > UINT16_MAX)
      return refuse(failure, "ports", "has a bad port", port->host_address);
    if (port->protocol != IPPROTO_TCP && port->protocol != IPPROTO_UDP && port->protocol != IPPROTO_SCTP)
      return refuse(failure, "ports", "has an unknown protocol", port->host_address);
  }
  return 0;
}

static int check_publication(const publication_plan *publication, struct failure *failure) {
  if (publication == NULL) return 0;
  size_t length = strlen(publication->table);
  if (length == 0 || length >= PUBLICATION_TABLE_MAX) return refuse(failure, "publication.table", "is no name", publication->table);
  return plan_check_ports(publication->n_ports, publication->ports, failure);
}

/* What is published needs an interface on the bridge that it is published by. */
static int check_published_bridge(const container_plan *plan, struct failure *failure) {
  if (plan->publication == NULL) return 0;
  const char *bridge = plan->publication->bridge;
  bool found = plan->network != NULL && strcmp(plan->network->bridge, bridge) == 0;
  for (size_t i = 0; i < plan->n_further_networks; i++) found = found || strcmp(plan->further_networks[i]->bridge, bridge) == 0;
  return found ? 0 : refuse(failure, "publication.bridge", "has no interface of the container", bridge);
}

static int check_user_namespace(const user_namespace_plan *space, const process_plan *process,
                                struct failure *failure) {
  if (space == NULL) return 0;
  bool mapped = process->user_id < space->count && process->group_id < space->count;
  for (size_t i = 0; i < process->n_additional_group_ids; i++)
    mapped = mapped && process->additional_group_ids[i] < space->count;
  if (!mapped) return refuse(failure, "process", "has an id that its user namespace has not", "");
  if (space->first_id == 0) return refuse(failure, "user_namespace.first_id", "is root of the host", "");
  if (space->count == 0 || space->count > UINT32_MAX - space->first_id)
    return refuse(failure, "user_namespace.count", "is not one", "");
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
      return refuse(failure, "rootfs", "does not lie in user_namespace.storage_dir", paths[i]);
  }
  return 0;
}

static int check_storage(const container_plan *plan, struct failure *failure) {
  const user_namespace_plan *space = plan->user_namespace;
  if ((space != NULL) != ((plan->namespace_flags & CLONE_NEWUSER) != 0))
    return refuse(failure, "user_namespace", "and CLONE_NEWUSER go together", "");
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
  if (check_count(plan->n_mounts, PLAN_LIST_MAX, "mounts", failure) < 0 ||
      check_count(plan->n_devices, PLAN_LIST_MAX, "devices", failure) < 0 ||
      check_count(plan->n_symlinks, PLAN_LIST_MAX, "symlinks", failure) < 0 ||
      check_count(plan->n_masked_paths, PLAN_LIST_MAX, "masked_paths", failure) < 0 ||
      check_count(plan->n_readonly_paths, PLAN_LIST_MAX, "readonly_paths", failure) < 0) {
    return -1;
  }
  for (size_t i = 0; i < plan->n_mounts; i++) {
    if (check_mount(plan->n_joins, plan->mounts[i], failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_devices; i++) {
    if (check_device(plan->devices[i], failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_symlinks; i++) {
    if (check_inside(plan->symlinks[i]->path, "symlinks.path", failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_masked_paths; i++) {
    if (check_inside(plan->masked_paths[i], "masked_paths", failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_readonly_paths; i++) {
    if (check_inside(plan->readonly_paths[i], "readonly_paths", failure) < 0) return -1;
  }
  return 0;
}

/* Each namespace is the container's own, another's, or the host's. */
static int check_joins(const container_plan *plan, struct failure *failure) {
  static const uint64_t JOINABLE = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
  uint64_t taken = plan->namespace_flags;
  if (check_count(plan->n_joins, PLAN_JOINS_MAX, "joins", failure) < 0) return -1;
  if (plan->n_joins > 0 && plan->user_namespace != NULL)
    return refuse(failure, "joins", "cannot be joined from another user namespace", "");
  for (size_t i = 0; i < plan->n_joins; i++) {
    uint64_t flags = plan->joins[i]->flags;
    if (plan_check_path(plan->joins[i]->state_dir, "joins.state_dir", failure) < 0) return -1;
    if (flags == 0 || (flags & ~JOINABLE) != 0 || (flags & taken) != 0)
      return refuse(failure, "joins.flags", "has a flag that cannot be joined", plan->joins[i]->state_dir);
    taken |= flags;
  }
  return 0;
}

static int check_hostname(const container_plan *plan, struct failure *failure) {
  size_t length = strlen(plan->hostname);
  if (length == 0) return 0;
  if ((plan->namespace_flags & CLONE_NEWUTS) == 0)
    return refuse(failure, "hostname", "needs a UTS namespace", plan->hostname);
  return length <= HOST_NAME_MAX_LINUX ? 0 : refuse(failure, "hostname", "is too long", plan->hostname);
}

int plan_check_container(const container_plan *plan, struct failure *failure) {
  if (check_id(plan->container_id, failure) < 0 || plan_check_path(plan->state_dir, "state_dir", failure) < 0)
    return -1;
  if ((plan->namespace_flags & ~NAMESPACES) != 0)
    return refuse(failure, "namespace_flags", "has an unsupported flag", "");
  if ((plan->namespace_flags & CLONE_NEWNS) == 0)
    return refuse(failure, "namespace_flags", "lacks the mount namespace", "");
  if (check_joins(plan, failure) < 0) return -1;
  if (check_rootfs(plan->rootfs, failure) < 0 || check_lists(plan, failure) < 0 || check_sysctls(plan, failure) < 0)
    return -1;
  if (check_values(plan->n_process_files, plan->process_files, "process_files", failure) < 0) return -1;
  if (check_process(plan->process, failure) < 0 || check_storage(plan, failure) < 0 || check_hostname(plan, failure) < 0) return -1;
  if (check_network(plan, failure) < 0 || check_cgroup(plan->cgroup, failure) < 0) return -1;
  if (check_publication(plan->publication, failure) < 0 || check_published_bridge(plan, failure) < 0) return -1;
  return plan->log == NULL ? 0 : plan_check_path(plan->log->path, "log.path", failure);
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
  if (plan->cgroup == NULL || plan->cgroup->unified_dir[0] == '\0') return refuse(failure, "cgroup", "is missing", "");
  if (plan->cgroup->device_program) return refuse(failure, "cgroup.device_rules", "cannot be changed", "");
  return check_cgroup(plan->cgroup, failure);
}

int plan_check_clean_up(const clean_up_plan *plan, struct failure *failure) {
  if (plan_check_path(plan->state_dir, "state_dir", failure) < 0) return -1;
  if (check_publication(plan->publication, failure) < 0) return -1;
  return check_cgroup(plan->cgroup, failure);
}

int plan_check_mount_container(const mount_container_plan *plan, struct failure *failure) {
  if (check_rootfs(plan->rootfs, failure) < 0) return -1;
  if (check_count(plan->n_mounts, PLAN_LIST_MAX, "mounts", failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_mounts; i++) {
    if (check_mount(0, plan->mounts[i], failure) < 0) return -1;
  }
  return 0;
}
