#include "user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "identity.h"
#include "io.h"
#include "mounts.h"
#include "overlay.h"
#include "sync.h"

static int write_map(pid_t pid, const char *name, const user_namespace_plan *space, struct failure *failure) {
  char path[32];
  char map[40];
  (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  (void)snprintf(map, sizeof map, "0 %u %u\n", space->first_id, space->count);
  return write_text_at(AT_FDCWD, path, map) == 0 ? 0 : fail(failure, "userns", errno, "write %s", name);
}

/* Returns the namespace, or -1 with the failure. */
static int make_maps(pid_t pid, const user_namespace_plan *space, struct failure *failure) {
  char path[32];
  if (write_map(pid, "uid_map", space, failure) < 0 || write_map(pid, "gid_map", space, failure) < 0) return -1;
  (void)snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? fd : fail(failure, "userns", errno, "open the user namespace");
}

/* As those of a container without a user namespace, which writes them itself: EPERM and EACCES are no failure. */
static int write_process_files(pid_t pid, const container_plan *plan, struct failure *failure) {
  char path[PATH_MAX];
  for (size_t i = 0; i < plan->n_process_files; i++) {
    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, plan->process_files[i]->path);
    if (write_text_at(AT_FDCWD, path, plan->process_files[i]->value) == 0 || errno == EPERM || errno == EACCES) continue;
    return fail(failure, "sysctl", errno, "write \"%.64s\" to %.128s", plan->process_files[i]->value, path);
  }
  return 0;
}

/* A child that failed has closed its end; why is in the conversation. */
static int hand_over(int sync, int fd, struct failure *failure) {
  if (sync_hand_over(sync, fd) == 0 || errno == EPIPE) return 0;
  return fail(failure, "userns", errno, "hand a mount over");
}

static int map_ids(int mount, int space, bool recursive, const char *path, struct failure *failure) {
  if (mount_map_ids(mount, space, recursive) == 0) return 0;
  return fail(failure, "userns", errno,
              errno == EINVAL ? "the file system of %.128s cannot map ids for a user namespace" : "map the ids of %.128s", path);
}

static int make_overlay(const rootfs_plan *rootfs, const user_namespace_plan *ids, int space, struct failure *failure) {
  cleanup_close int storage = open_tree(AT_FDCWD, ids->storage_dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (storage < 0) return fail(failure, "userns", errno, "open %.200s", ids->storage_dir);
  if (map_ids(storage, space, false, ids->storage_dir, failure) < 0) return -1;
  /* overlayfs works with the ids of whoever mounts it, and through the mapping the host's own have no place on the disk. */
  if (identity_make_as(ids->first_id, ids->first_id) < 0) return fail(failure, "userns", errno, "take the ids");
  int mount = overlay_make_mapped(rootfs, ids->storage_dir, storage, failure);
  if (identity_make_as(0, 0) < 0) {
    close_fd(&mount);
    return fail(failure, "userns", errno, "give the ids back");
  }
  if (mount < 0 && (failure->error == EINVAL || failure->error == EOPNOTSUPP))
    return fail(failure, "userns", ENOSYS, "an overlay that maps ids needs Linux 6.15 or later");
  return mount;
}

static int hand_over_bind(const mount_plan *mount, int space, int sync, struct failure *failure) {
  cleanup_close int source = -1;
  if (mount_open_source(mount, &source, failure) < 0) return -1;
  if (map_ids(source, space, mount->bind->recursive, mount->bind->source, failure) < 0) return -1;
  return hand_over(sync, source, failure);
}

static int hand_over_image(const Berth__Native__V1__ImageMount *image, const user_namespace_plan *ids, int space, int sync,
                           struct failure *failure) {
  cleanup_close int root = make_overlay(image->rootfs, ids, space, failure);
  cleanup_close int part = root < 0 ? -1 : mount_open_part(root, image->subpath, failure);
  return part < 0 ? -1 : hand_over(sync, part, failure);
}

static bool is_handed_over(const mount_plan *mount) {
  return mount->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_BIND ||
         mount->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_IMAGE;
}

static int hand_over_sources(const container_plan *plan, int space, int sync, struct failure *failure) {
  for (size_t i = 0; i < plan->n_mounts; i++) {
    const mount_plan *mount = plan->mounts[i];
    if (!is_handed_over(mount)) continue;
    int result = mount->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_BIND
                     ? hand_over_bind(mount, space, sync, failure)
                     : hand_over_image(mount->image, plan->user_namespace, space, sync, failure);
    if (result < 0) return -1;
  }
  return 0;
}

/* The child holds the same mounts: what is mapped here is mapped there. */
static int map_volumes(const struct volumes *volumes, int space, struct failure *failure) {
  for (size_t i = 0; i < volumes->count; i++) {
    if (volumes->fds[i] >= 0 && map_ids(volumes->fds[i], space, false, "a volume", failure) < 0) return -1;
  }
  return 0;
}

int user_namespace_prepare(pid_t pid, int sync, const struct container_context *context, struct failure *failure) {
  const container_plan *plan = context->plan;
  cleanup_close int space = make_maps(pid, plan->user_namespace, failure);
  if (space < 0 || write_process_files(pid, plan, failure) < 0) return -1;
  cleanup_close int root = make_overlay(plan->rootfs, plan->user_namespace, space, failure);
  if (root < 0 || hand_over(sync, root, failure) < 0) return -1;
  if (map_volumes(context->volumes, space, failure) < 0) return -1;
  return hand_over_sources(plan, space, sync, failure);
}

void user_namespace_raise_limits(const process_plan *process) {
  for (size_t i = 0; i < process->n_resource_limits; i++) {
    const Berth__Native__V1__ResourceLimit *wanted = process->resource_limits[i];
    struct rlimit own;
    if (getrlimit(wanted->resource, &own) < 0 || own.rlim_max >= wanted->hard) continue;
    own.rlim_max = wanted->hard;
    (void)setrlimit(wanted->resource, &own);
  }
}

uid_t user_namespace_owner(const user_namespace_plan *space, const process_plan *process) {
  return space == NULL ? (uid_t)-1 : space->first_id + process->user_id;
}

int user_namespace_receive(int sync, const container_plan *plan, const struct volumes *volumes, int *root,
                           int sources[PLAN_LIST_MAX], struct failure *failure) {
  *root = sync_take_over(sync);
  if (*root < 0) return fail(failure, "userns", errno, "take the root over");
  for (size_t i = 0; i < plan->n_mounts; i++) {
    sources[i] = volumes->fds[i];
    if (!is_handed_over(plan->mounts[i])) continue;
    sources[i] = sync_take_over(sync);
    if (sources[i] < 0) return fail(failure, "userns", errno, "take the source of %.200s over", plan->mounts[i]->target);
  }
  return 0;
}

int user_namespace_become_root(struct failure *failure) {
  if (setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0) return 0;
  return fail(failure, "userns", errno, "become root of the user namespace");
}
