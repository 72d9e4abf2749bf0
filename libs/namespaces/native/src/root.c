#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "syscalls.h"

/* How many dangling symbolic links are followed while making directories; the kernel's own limit for existing ones
 * is 40. */
#define LINK_DEPTH_MAX 16

int root_open(int root, const char *path, int flags) {
  return sys_openat2(root, path, (uint64_t)(unsigned)flags | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int root_open_plain(int root, const char *path, int flags) {
  return sys_openat2(root, path, (uint64_t)(unsigned)flags | O_CLOEXEC,
                     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
}

static int make_directory(int root, const char *path, int depth);

/* Splits a path at its last component; trailing slashes do not count. Returns 0, or -1 when there is no last component.
 */
static int split(const char *path, char parent[PATH_MAX], char name[NAME_MAX + 1]) {
  size_t end = strlen(path);
  while (end > 0 && path[end - 1] == '/') end--;
  size_t start = end;
  while (start > 0 && path[start - 1] != '/') start--;
  if (end == start || end - start > NAME_MAX || start >= PATH_MAX) {
    errno = end == start ? EINVAL : ENAMETOOLONG;
    return -1;
  }
  memcpy(parent, path, start);
  parent[start] = '\0';
  if (start == 0) memcpy(parent, "/", 2);
  memcpy(name, path + start, end - start);
  name[end - start] = '\0';
  return 0;
}

/* A symbolic link that points to nothing: makes the directory that it points to (`/var/run -> /run` in an image without
 * /run). */
static int make_link_target(int root, const char *parent, const char *link, int depth) {
  char joined[PATH_MAX];
  size_t at = 0;
  if (link[0] != '/') {
    at = strlen(parent);
    if (at + 1 >= sizeof joined) goto too_long;
    memcpy(joined, parent, at);
    joined[at++] = '/';
  }
  size_t length = strlen(link);
  if (at + length >= sizeof joined) goto too_long;
  memcpy(joined + at, link, length + 1);
  return make_directory(root, joined, depth + 1);
too_long:
  errno = ENAMETOOLONG;
  return -1;
}

static int make_last(int root, int parent_fd, const char *parent, const char *name, int depth) {
  if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST) return -1;
  int fd = sys_openat2(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                       RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (fd >= 0 || (errno != ELOOP && errno != ENOTDIR)) return fd;
  char link[PATH_MAX];
  ssize_t length = readlinkat(parent_fd, name, link, sizeof link - 1);
  if (length <= 0) {
    errno = ENOTDIR;
    return -1;
  }
  link[length] = '\0';
  return make_link_target(root, parent, link, depth);
}

/* Replaces *parent_fd, the directory of path[0..start), by that of path[0..end), which is made when missing. */
static int make_component(int root, int *parent_fd, const char *path, size_t start, size_t end, int depth) {
  char prefix[PATH_MAX];
  memcpy(prefix, path, end);
  prefix[end] = '\0';
  int fd = root_open(root, prefix, O_PATH | O_DIRECTORY);
  if (fd < 0 && errno == ENOENT) {
    char name[NAME_MAX + 1];
    if (end - start > NAME_MAX) {
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(name, path + start, end - start);
    name[end - start] = '\0';
    prefix[start] = '\0';
    fd = make_last(root, *parent_fd, prefix, name, depth);
  }
  if (fd < 0) return -1;
  close_fd(parent_fd);
  *parent_fd = fd;
  return 0;
}

static int make_directory(int root, const char *path, int depth) {
  int fd = root_open(root, path, O_PATH | O_DIRECTORY);
  if (fd >= 0 || errno != ENOENT) return fd;
  if (depth > LINK_DEPTH_MAX || strlen(path) >= PATH_MAX) {
    errno = depth > LINK_DEPTH_MAX ? ELOOP : ENAMETOOLONG;
    return -1;
  }
  cleanup_close int parent = root_open(root, "/", O_PATH | O_DIRECTORY);
  if (parent < 0) return -1;
  for (size_t end = 0;;) {
    size_t start = end + strspn(path + end, "/");
    if (path[start] == '\0') return take_fd(&parent);
    end = start + strcspn(path + start, "/");
    if (make_component(root, &parent, path, start, end, depth) < 0) return -1;
  }
}

int root_make_directory(int root, const char *path) { return make_directory(root, path, 0); }

int root_open_parent(int root, const char *path, char name[NAME_MAX + 1]) {
  char parent[PATH_MAX];
  if (split(path, parent, name) < 0) return -1;
  return make_directory(root, parent, 0);
}

int root_make_target(int root, const char *path, bool directory) {
  int fd = root_open(root, path, O_PATH);
  if (fd >= 0 || errno != ENOENT) return fd;
  if (directory) return make_directory(root, path, 0);
  char name[NAME_MAX + 1];
  cleanup_close int parent = root_open_parent(root, path, name);
  if (parent < 0) return -1;
  cleanup_close int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return -1;
  return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}
