#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "mounts.h"
#include "root.h"

static bool is_device(const struct stat *stat, const Berth__Native__V1__Device *device) {
  return (stat->st_mode & S_IFMT) == (device->mode & S_IFMT) && stat->st_rdev == makedev(device->major, device->minor);
}

static bool is_same_device(int parent, const char *name, const Berth__Native__V1__Device *device) {
  struct stat stat;
  return fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && is_device(&stat, device);
}

static int make_device(int root, const Berth__Native__V1__Device *device, struct failure *failure) {
  char name[NAME_MAX + 1];
  cleanup_close int parent = root_open_parent(root, device->path, name);
  if (parent < 0) return fail(failure, "device", errno, "open the directory of %.200s", device->path);
  if (mknodat(parent, name, device->mode, makedev(device->major, device->minor)) == 0) {
    if (device->user_id == 0 && device->group_id == 0) return 0;
    if (fchownat(parent, name, device->user_id, device->group_id, AT_SYMLINK_NOFOLLOW) == 0) return 0;
    return fail(failure, "device", errno, "change the owner of %.200s", device->path);
  }
  int error = errno;
  if (error == EEXIST && is_same_device(parent, name, device)) return 0;
  return fail(failure, "device", error, "make %.200s", device->path);
}

/* In a user namespace no device can be made: the host's is bound, which root in the container does not own. */
static int bind_device(int root, const Berth__Native__V1__Device *device, struct failure *failure) {
  cleanup_close int source =
      open_tree(AT_FDCWD, device->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
  struct stat stat;
  if (source < 0 || fstat(source, &stat) < 0) return fail(failure, "device", errno, "open the host's %.200s", device->path);
  if (!is_device(&stat, device)) return fail(failure, "device", ENODEV, "the host's %.200s is another device", device->path);
  cleanup_close int target = root_make_target(root, device->path, false);
  if (target < 0) return fail(failure, "device", errno, "make %.200s", device->path);
  return mount_move(source, target) == 0 ? 0 : fail(failure, "device", errno, "bind %.200s", device->path);
}

static int make_symlink(int root, const Berth__Native__V1__Symlink *symlink, struct failure *failure) {
  char name[NAME_MAX + 1];
  cleanup_close int parent = root_open_parent(root, symlink->path, name);
  if (parent < 0) return fail(failure, "device", errno, "open the directory of %.200s", symlink->path);
  if (symlinkat(symlink->target, parent, name) == 0 || errno == EEXIST) return 0;
  return fail(failure, "device", errno, "link %.200s", symlink->path);
}

int make_devices(int root, const container_plan *plan, struct failure *failure) {
  int (*make)(int, const Berth__Native__V1__Device *, struct failure *) =
      plan->user_namespace == NULL ? make_device : bind_device;
  for (size_t i = 0; i < plan->n_devices; i++) {
    if (make(root, plan->devices[i], failure) < 0) return -1;
  }
  for (size_t i = 0; i < plan->n_symlinks; i++) {
    if (make_symlink(root, plan->symlinks[i], failure) < 0) return -1;
  }
  return 0;
}
