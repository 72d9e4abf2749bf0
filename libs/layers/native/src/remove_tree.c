#include "remove_tree.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* As deep as ENTRY_PATH_MAX allows, which bounds the recursion. */
static int empty_directory(int parent, const char *name, struct layer_error *error) {
  cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_dir DIR *dir = NULL;
  struct dirent *child;

  if (fd < 0) return fail_errno(error, "remove", "cannot open \"%.200s\"", name);
  dir = fdopendir(fd);
  if (!dir) return fail_errno(error, "remove", "cannot read \"%.200s\"", name);
  take_fd(&fd);
  errno = 0;
  while ((child = readdir(dir)) != NULL) {
    if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0) continue;
    if (remove_tree(dirfd(dir), child->d_name, error) < 0) return -1;
    errno = 0;
  }
  return errno == 0 ? 0 : fail_errno(error, "remove", "cannot read \"%.200s\"", name);
}

int remove_tree(int parent, const char *name, struct layer_error *error) {
  if (unlinkat(parent, name, 0) == 0) return 0;
  if (errno != EISDIR) return fail_errno(error, "remove", "cannot remove \"%.200s\"", name);
  if (empty_directory(parent, name, error) < 0) return -1;
  if (unlinkat(parent, name, AT_REMOVEDIR) != 0)
    return fail_errno(error, "remove", "cannot remove the directory \"%.200s\"", name);
  return 0;
}
