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

/* The host's own /dev/null. Read-only: in a container root owns it too, and could take it from the host by chmod. */
static int make_null(void) {
  cleanup_close int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0) return -1;
  if (!S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(1, 3)) {
    errno = ENODEV;
    return -1;
  }
  cleanup_close int cover = mount_clone(fd, false);
  if (cover < 0 || mount_set(cover, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false) < 0) return -1;
  return take_fd(&cover);
}

/* A file system without room for anything. */
static int make_empty_directory(void) {
  static char *const OPTIONS[] = {"nr_blocks=1", "nr_inodes=1", "mode=0755"};
  return mount_filesystem("tmpfs", OPTIONS, 3,
                          MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static bool is_directory(int fd) {
  struct stat stat;
  return fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
}

/* The first cover is made, the others are clones of it: once attached, for before 6.15 no detached mount can be cloned. */
static int next_cover(int *first, int (*make)(void), int *cover) {
  if (*first >= 0) {
    *cover = mount_clone(*first, false);
    return *cover;
  }
  *first = make();
  *cover = *first < 0 ? -1 : fcntl(*first, F_DUPFD_CLOEXEC, 3);
  return *cover;
}

struct covers {
  int file;
  int directory;
};

static int mask(int root, const char *path, struct covers *covers, struct failure *failure) {
  cleanup_close int target = root_open(root, path, O_PATH);
  if (target < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : fail(failure, "mask", errno, "open %.200s", path);
  cleanup_close int cover = -1;
  int made = is_directory(target) ? next_cover(&covers->directory, make_empty_directory, &cover)
                                  : next_cover(&covers->file, make_null, &cover);
  if (made < 0) return fail(failure, "mask", errno, "make the cover for %.200s", path);
  if (mount_move(cover, target) < 0) return fail(failure, "mask", errno, "cover %.200s", path);
  return 0;
}

int mask_paths(int root, char *const *paths, size_t count, struct failure *failure) {
  struct covers covers = {-1, -1};
  int result = 0;
  for (size_t i = 0; i < count && result == 0; i++) result = mask(root, paths[i], &covers, failure);
  close_fd(&covers.file);
  close_fd(&covers.directory);
  return result;
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
