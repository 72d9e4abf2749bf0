#include "read_only.h"

#include "cleanup.h"
#include "syscalls.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>

int open_read_only(const char *path, struct layer_error *error) {
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                                              MOUNT_ATTR_NOATIME,
                                  .attr_clr = MOUNT_ATTR__ATIME};
  cleanup_close int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

  if (tree < 0) return fail_errno(error, "open", "cannot open \"%.200s\"", path);
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) != 0)
    return fail_errno(error, "open", "cannot restrict \"%.200s\"", path);
  return take_fd(&tree);
}
