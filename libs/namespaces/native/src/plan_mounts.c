#include <limits.h>
#include <string.h>
#include <sys/mount.h>

#include "plan_parts.h"
#include "syscalls.h"

#define LOWER_DIRS_MAX 500 /* OVL_MAX_STACK */

static const uint64_t ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                                   MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW;

int plan_check_rootfs(const rootfs_plan *rootfs, struct failure *failure) {
  if (rootfs == NULL) return plan_refuse(failure, "rootfs", "is missing", "");
  if (plan_check_path(rootfs->layers_dir, "rootfs.layers_dir", failure) < 0) return -1;
  if (plan_check_path(rootfs->upper_dir, "rootfs.upper_dir", failure) < 0) return -1;
  if (plan_check_path(rootfs->work_dir, "rootfs.work_dir", failure) < 0) return -1;
  if (rootfs->n_lower_dirs == 0) return plan_refuse(failure, "rootfs.lower_dirs", "is empty", "");
  if (plan_check_count(rootfs->n_lower_dirs, LOWER_DIRS_MAX, "rootfs.lower_dirs", failure) < 0) return -1;
  for (size_t i = 0; i < rootfs->n_lower_dirs; i++) {
    if (plan_check_relative(rootfs->lower_dirs[i], "rootfs.lower_dirs", failure) < 0) return -1;
  }
  return 0;
}

static int check_options(size_t count, char *const *options, struct failure *failure) {
  if (plan_check_count(count, 32, "mounts.options", failure) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    if (strlen(options[i]) > FSCONFIG_VALUE_MAX) return plan_refuse(failure, "mounts.options", "is too long", options[i]);
  }
  return 0;
}

static int check_filesystem(const Berth__Native__V1__FilesystemMount *filesystem, struct failure *failure) {
  static const char *const TYPES[] = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2", "cgroup"};
  bool known = false;
  for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) known = known || strcmp(filesystem->type, TYPES[i]) == 0;
  if (!known) return plan_refuse(failure, "mounts.type", "is not one that a container may have", filesystem->type);
  return check_options(filesystem->n_options, filesystem->options, failure);
}

static int check_subpath(const char *path, const char *field, struct failure *failure) {
  bool good = path[0] == '\0' || (strlen(path) < PATH_MAX && plan_is_clean(path));
  return good ? 0 : plan_refuse(failure, field, "is not a clean relative path", path);
}

static int check_volume(const volume_plan *volume, struct failure *failure) {
  if (volume->type[0] == '\0' || !plan_has_only(volume->type, "._-")) return plan_refuse(failure, "mounts.volume.type", "is not one", volume->type);
  if (volume->device[0] == '\0' || strlen(volume->device) > FSCONFIG_VALUE_MAX)
    return plan_refuse(failure, "mounts.volume.device", "is missing or too long", volume->device);
  if (check_options(volume->n_options, volume->options, failure) < 0) return -1;
  if (check_subpath(volume->subpath, "mounts.volume.subpath", failure) < 0) return -1;
  if (volume->peer_state_dir[0] == '\0') return 0;
  if (plan_check_path(volume->peer_state_dir, "mounts.volume.peer_state_dir", failure) < 0) return -1;
  return plan_check_path(volume->peer_path, "mounts.volume.peer_path", failure);
}

static int check_bind(const Berth__Native__V1__BindMount *bind, struct failure *failure) {
  if (plan_check_path(bind->source, "mounts.bind.source", failure) < 0) return -1;
  if (bind->propagation != 0 && bind->propagation != MS_SHARED && bind->propagation != MS_SLAVE)
    return plan_refuse(failure, "mounts.bind.propagation", "is neither MS_SHARED nor MS_SLAVE", bind->source);
  return check_subpath(bind->subpath, "mounts.bind.subpath", failure);
}

int plan_check_mount(size_t join_count, const mount_plan *mount, struct failure *failure) {
  if (plan_check_inside(mount->target, "mounts.target", failure) < 0) return -1;
  if (strspn(mount->target, "/") == strlen(mount->target))
    return plan_refuse(failure, "mounts.target", "is the root", mount->target);
  if ((mount->attributes & ~ATTRIBUTES) != 0)
    return plan_refuse(failure, "mounts.attributes", "has an unknown flag", mount->target);
  switch (mount->source_case) {
    case BERTH__NATIVE__V1__MOUNT__SOURCE_FILESYSTEM:
      return check_filesystem(mount->filesystem, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_BIND:
      return check_bind(mount->bind, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_VOLUME:
      return check_volume(mount->volume, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_IMAGE:
      if (plan_check_rootfs(mount->image->rootfs, failure) < 0) return -1;
      return check_subpath(mount->image->subpath, "mounts.image.subpath", failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_SHARED:
      if (mount->shared->join >= join_count)
        return plan_refuse(failure, "mounts.shared.join", "is none of the plan's", mount->target);
      return plan_check_path(mount->shared->path, "mounts.shared.path", failure);
    default:
      return plan_refuse(failure, "mounts.source", "is missing", mount->target);
  }
}
