#include "container_path.h"

#include "cleanup.h"
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* As many as the kernel follows. */
#define LINKS_MAX 40

bool is_kernel_view(int fd) {
  struct statfs system;

  if (fstatfs(fd, &system) != 0) return true;
  switch (system.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEVPTS_SUPER_MAGIC:
      return true;
    default:
      return false;
  }
}

static int fail_missing(const char *path, struct layer_error *error) {
  return fail(error, FAILURE_NOT_FOUND, "path", "there is no \"%.300s\"", path);
}

static int open_directory(int root, const char *path, struct layer_error *error) {
  const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  cleanup_close int fd = sys_openat2(root, path[0] == '\0' ? "/" : path, &how);

  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return fail_missing(path, error);
  if (fd < 0) return fail_errno(error, "path", "cannot open \"%.300s\"", path);
  return is_kernel_view(fd) ? fail_missing(path, error) : take_fd(&fd);
}

/* True when what is meant is the directory that the path leads to. */
static bool means_directory(const char *path) {
  size_t length = strlen(path);
  const char *base;

  if (length == 0 || path[length - 1] == '/') return true;
  base = strrchr(path, '/');
  base = base ? base + 1 : path;
  return strcmp(base, ".") == 0 || strcmp(base, "..") == 0;
}

static int find_directory(int root, const char *path, struct container_path *found, struct layer_error *error) {
  found->parent = open_directory(root, path, error);
  if (found->parent < 0) return -1;
  strcpy(found->name, ".");
  if (fstat(found->parent, &found->status) != 0) return fail_errno(error, "path", "cannot look at \"%.300s\"", path);
  return 0;
}

/* Finds the last component without following it. */
static int find_last(int root, const char *path, struct container_path *found, struct layer_error *error) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  char directory[PATH_MAX];

  if (strlen(name) > NAME_MAX || strlen(path) >= sizeof(directory)) return fail_missing(path, error);
  snprintf(directory, sizeof(directory), "%.*s", (int)(name - path), path);
  found->parent = open_directory(root, directory, error);
  if (found->parent < 0) return -1;
  memcpy(found->name, name, strlen(name) + 1);
  if (fstatat(found->parent, name, &found->status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? fail_missing(path, error) : fail_errno(error, "path", "cannot look at \"%.300s\"", path);
  return 0;
}

static int read_link(struct container_path *found, struct layer_error *error) {
  ssize_t length = readlinkat(found->parent, found->name, found->link, sizeof(found->link) - 1);

  if (length < 0) return fail_errno(error, "path", "cannot read the link \"%.200s\"", found->name);
  found->link[length] = '\0';
  return 0;
}

/* Replaces the last component of the path by what it points to. */
static int step(char path[PATH_MAX], const char *link, struct layer_error *error) {
  char next[PATH_MAX];
  const char *slash = strrchr(path, '/');
  int directory = link[0] == '/' || !slash ? 0 : (int)(slash - path) + 1;

  if (snprintf(next, sizeof(next), "%.*s%s", directory, path, link) >= PATH_MAX) return fail_missing(path, error);
  strcpy(path, next);
  return 0;
}

static int find(int root, char path[PATH_MAX], bool follow, struct container_path *found, struct layer_error *error) {
  for (int links = 0; links < LINKS_MAX; links++) {
    if (found->parent >= 0) close(found->parent);
    found->parent = -1;
    found->link[0] = '\0';
    if (means_directory(path)) return find_directory(root, path, found, error);
    if (find_last(root, path, found, error) < 0) return -1;
    if (!S_ISLNK(found->status.st_mode)) return 0;
    if (read_link(found, error) < 0) return -1;
    if (!follow) return 0;
    if (step(path, found->link, error) < 0) return -1;
  }
  return fail_missing(path, error);
}

/* `a/b/` and `a/b` are shown as `b`. */
static void set_shown(const char *path, struct container_path *found) {
  size_t end = strlen(path);
  size_t start;

  while (end > 0 && path[end - 1] == '/') end--;
  start = end;
  while (start > 0 && path[start - 1] != '/') start--;
  if (end == start || (end - start == 2 && memcmp(path + start, "..", 2) == 0))
    strcpy(found->shown, ".");
  else
    snprintf(found->shown, sizeof(found->shown), "%.*s", (int)(end - start), path + start);
}

int container_path_find(int root, const char *path, bool follow, struct container_path *found, struct layer_error *error) {
  char current[PATH_MAX];

  *found = (struct container_path){.parent = -1};
  if (snprintf(current, sizeof(current), "%s", path) >= (int)sizeof(current)) return fail_missing(path, error);
  set_shown(path, found);
  return find(root, current, follow, found, error);
}
