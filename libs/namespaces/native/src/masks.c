#include "masks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "mounts.h"
#include "root.h"

static int open_null(void) {
  cleanup_close int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0) return -1;
  if (!S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(1, 3)) {
    errno = ENODEV;
    return -1;
  }
  return take_fd(&fd);
}

/* A detached file system without room for anything; each masked directory gets a clone of it. */
static int make_empty_directory(void) {
  static char *const OPTIONS[] = {"nr_blocks=1", "nr_inodes=1", "mode=0755"};
  return mount_filesystem("tmpfs", OPTIONS, 3,
                          MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static bool is_directory(int fd) {
  struct stat stat;
  return fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
}

static int mask(int root, const char *path, int null, int *empty, struct failure *failure) {
  cleanup_close int target = root_open(root, path, O_PATH);
  if (target < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : fail(failure, "mask", errno, "open %.200s", path);
  bool directory = is_directory(target);
  if (directory && *empty < 0) *empty = make_empty_directory();
  if (directory && *empty < 0) return fail(failure, "mask", errno, "make an empty directory");
  cleanup_close int cover = mount_clone(directory ? *empty : null, false);
  if (cover < 0) return fail(failure, "mask", errno, "clone the cover for %.200s", path);
  if (mount_move(cover, target) < 0) return fail(failure, "mask", errno, "cover %.200s", path);
  return 0;
}

int mask_paths(int root, char *const *paths, size_t count, struct failure *failure) {
  if (count == 0) return 0;
  cleanup_close int null = open_null();
  if (null < 0) return fail(failure, "mask", errno, "open the host's /dev/null");
  cleanup_close int empty = -1;
  for (size_t i = 0; i < count; i++) {
    if (mask(root, paths[i], null, &empty, failure) < 0) return -1;
  }
  return 0;
}

int make_paths_readonly(int root, char *const *paths, size_t count, struct failure *failure) {
  for (size_t i = 0; i < count; i++) {
    cleanup_close int target = root_open(root, paths[i], O_PATH);
    if (target < 0) {
      if (errno == ENOENT || errno == ENOTDIR) continue;
      return fail(failure, "mask", errno, "open %.200s", paths[i]);
    }
    cleanup_close int tree = mount_clone(target, true);
    if (tree < 0) return fail(failure, "mask", errno, "clone %.200s", paths[i]);
    if (mount_set(tree, MOUNT_ATTR_RDONLY, true) < 0)
      return fail(failure, "mask", errno, "make %.200s read-only", paths[i]);
    if (mount_move(tree, target) < 0) return fail(failure, "mask", errno, "cover %.200s", paths[i]);
  }
  return 0;
}
