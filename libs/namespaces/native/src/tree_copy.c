#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"
#include "links.h"
#include "syscalls.h"
#include "tree.h"

#define COPY_CHUNK (1U << 30)

/* Where the directory at hand is: `to` in the copy, whose root is `root`, by the path `path` from there. */
struct copy {
  int to;
  int depth;
  int root;
  const char *path;
  struct links *links;
};

static int set_owner_mode_times(int to, const struct stat *stat) {
  /* The owner first: changing it takes set-user-id bits away. */
  if (fchown(to, stat->st_uid, stat->st_gid) < 0 || fchmod(to, stat->st_mode & 07777) < 0) return -1;
  const struct timespec times[2] = {stat->st_atim, stat->st_mtim};
  return futimens(to, times);
}

static int copy_attribute(int from, int to, const char *name) {
  if (strncmp(name, "trusted.overlay.", 16) == 0) return 0;
  ssize_t size = fgetxattr(from, name, NULL, 0);
  if (size < 0) return -1;
  cleanup_free char *value = malloc((size_t)size + 1);
  if (value == NULL) return -1;
  size = fgetxattr(from, name, value, (size_t)size);
  if (size < 0) return -1;
  /* A file system without such attributes takes the file without them. */
  return fsetxattr(to, name, value, (size_t)size, 0) < 0 && errno != EOPNOTSUPP ? -1 : 0;
}

static int copy_extended_attributes(int from, int to) {
  ssize_t size = flistxattr(from, NULL, 0);
  if (size <= 0) return size < 0 && errno != EOPNOTSUPP ? -1 : 0;
  cleanup_free char *names = malloc((size_t)size);
  if (names == NULL) return -1;
  size = flistxattr(from, names, (size_t)size);
  for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
    if (copy_attribute(from, to, names + at) < 0) return -1;
  }
  return size < 0 ? -1 : 0;
}

int tree_copy_attributes(int from, int to) {
  struct stat stat;
  if (fstat(from, &stat) < 0) return -1;
  /* The owner before the extended attributes: changing it takes file capabilities away. The times last. */
  if (fchown(to, stat.st_uid, stat.st_gid) < 0 || copy_extended_attributes(from, to) < 0) return -1;
  return set_owner_mode_times(to, &stat);
}

/* From one place to the same of the other; less when the file has become shorter. */
static int copy_extent(int from, int to, off_t begin, off_t end) {
  if (lseek(from, begin, SEEK_SET) < 0 || lseek(to, begin, SEEK_SET) < 0) return -1;
  for (off_t left = end - begin; left > 0;) {
    size_t wanted = left < COPY_CHUNK ? (size_t)left : COPY_CHUNK;
    ssize_t size = copy_file_range(from, NULL, to, NULL, wanted, 0);
    if (size < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) {
      size = sendfile(to, from, NULL, wanted);
    }
    if (size <= 0) return (int)size;
    left -= size;
  }
  return 0;
}

/* Holes stay holes. */
static int copy_data(int from, int to, off_t size) {
  for (off_t end = 0; end < size;) {
    off_t begin = lseek(from, end, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;
    end = begin < 0 ? -1 : lseek(from, begin, SEEK_HOLE);
    if (end < 0 || copy_extent(from, to, begin, end) < 0) return -1;
  }
  return ftruncate(to, size);
}

static int copy_file(int directory, const char *name, int to) {
  cleanup_close int source = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat stat;
  if (source < 0 || fstat(source, &stat) < 0) return -1;
  if (!S_ISREG(stat.st_mode)) {
    errno = EAGAIN;
    return -1;
  }
  cleanup_close int copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (copy < 0 || copy_data(source, copy, stat.st_size) < 0) return -1;
  return tree_copy_attributes(source, copy);
}

/* The first name of a file was copied: the others become names of that copy. */
static int link_file(const char *name, const struct copy *copy, const char *first) {
  const char *slash = strrchr(first, '/');
  char parent[PATH_MAX];
  (void)snprintf(parent, sizeof parent, "%.*s", slash == NULL ? 1 : (int)(slash - first), slash == NULL ? "." : first);
  /* Somebody may have put a link in the place of a directory of the copy meanwhile. */
  cleanup_close int directory = sys_openat2(copy->root, parent, O_PATH | O_DIRECTORY | O_CLOEXEC,
                                            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (directory < 0) return -1;
  return linkat(directory, slash == NULL ? first : slash + 1, copy->to, name, 0);
}

static int copy_link(int directory, const char *name, int to, const struct stat *stat) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(directory, name, target, sizeof target - 1);
  if (size < 0) return -1;
  target[size] = '\0';
  const struct timespec times[2] = {stat->st_atim, stat->st_mtim};
  if (symlinkat(target, to, name) < 0 || fchownat(to, name, stat->st_uid, stat->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
    return -1;
  return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_node(const char *name, int to, const struct stat *stat) {
  const struct timespec times[2] = {stat->st_atim, stat->st_mtim};
  if (mknodat(to, name, stat->st_mode, stat->st_rdev) < 0) return -1;
  if (fchownat(to, name, stat->st_uid, stat->st_gid, AT_SYMLINK_NOFOLLOW) < 0) return -1;
  if (fchmodat(to, name, stat->st_mode & 07777, 0) < 0) return -1;
  return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_one(int directory, const char *name, void *context);

static int copy_directory(int directory, const char *name, const struct copy *copy) {
  if (copy->depth >= TREE_DEPTH_MAX) {
    errno = ELOOP;
    return -1;
  }
  cleanup_close int source = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (source < 0 || mkdirat(copy->to, name, 0700) < 0) return -1;
  cleanup_close int made = openat(copy->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s%s/", copy->path, name) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  struct copy below = {.to = made, .depth = copy->depth + 1, .root = copy->root, .path = path, .links = copy->links};
  if (made < 0 || tree_for_each(source, copy_one, &below) < 0) return -1;
  return tree_copy_attributes(source, made);
}

static int copy_content(int directory, const char *name, int to, const struct stat *stat) {
  switch (stat->st_mode & S_IFMT) {
    case S_IFREG:
      return copy_file(directory, name, to);
    case S_IFLNK:
      return copy_link(directory, name, to, stat);
    default:
      return copy_node(name, to, stat);
  }
}

static int copy_one(int directory, const char *name, void *context) {
  const struct copy *copy = context;
  struct stat stat;
  if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0) return -1;
  if (S_ISDIR(stat.st_mode)) return copy_directory(directory, name, copy);
  if (S_ISSOCK(stat.st_mode)) return 0;
  if (stat.st_nlink < 2) return copy_content(directory, name, copy->to, &stat);
  const char *first = links_find(copy->links, stat.st_dev, stat.st_ino);
  if (first != NULL) return link_file(name, copy, first);
  if (copy_content(directory, name, copy->to, &stat) < 0) return -1;
  return links_add(copy->links, stat.st_dev, stat.st_ino, copy->path, name);
}

int tree_copy(int from, int to) {
  struct links links = {0};
  struct copy copy = {.to = to, .root = to, .path = "", .links = &links};
  int result = tree_for_each(from, copy_one, &copy);
  int error = errno;
  links_free(&links);
  errno = error;
  return result;
}
