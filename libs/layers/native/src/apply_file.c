#include "apply.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define CAPABILITY_XATTR "security.capability"
#define USER_PREFIX "user."
#define SPECIAL_BITS 07000

/*
 * Only these are taken from a layer. `trusted.overlay.*` would forge what overlay believes about the layers below, `security.*`
 * is the host's policy.
 */
static bool is_wanted(const char *name) {
  return strcmp(name, CAPABILITY_XATTR) == 0 || strncmp(name, USER_PREFIX, strlen(USER_PREFIX)) == 0;
}

/* ext4 says that there is no space when attributes are larger than it can keep of a file. */
static bool has_room(int fd) {
  struct statfs status;

  return fstatfs(fd, &status) == 0 && status.f_bavail > 0;
}

static int fail_xattr(int fd, const char *path, const char *name, struct layer_error *error) {
  int errnum = errno;

  if (errnum == EINVAL || errnum == ERANGE || errnum == E2BIG)
    return fail(error, FAILURE_INVALID, "xattr", "\"%.200s\" has a bad extended attribute \"%.80s\"", path, name);
  if (errnum == ENOSPC && has_room(fd))
    return fail(error, FAILURE_LIMIT, "xattr", "the extended attributes of \"%.200s\" are too large for the file system", path);
  errno = errnum;
  return fail_errno(error, "xattr", "cannot set \"%.80s\" of \"%.200s\"", name, path);
}

static int apply_xattrs(struct layer_writer *writer, int fd, const char *path, struct layer_error *error) {
  struct tar_xattr xattr;

  if (tar_xattr_count(&writer->reader) == 0) return 0;
  while (tar_xattr_next(&writer->reader, &xattr) == 0) {
    if (!is_wanted(xattr.name) || fsetxattr(fd, xattr.name, xattr.value, xattr.size, 0) == 0) continue;
    /* A file system without user attributes loses them, as it does for every engine; a lost capability breaks the program. */
    if (errno == EOPNOTSUPP && strcmp(xattr.name, CAPABILITY_XATTR) != 0) continue;
    return fail_xattr(fd, path, xattr.name, error);
  }
  return 0;
}

int apply_attributes(struct layer_writer *writer, int fd, const struct tar_entry *entry, struct layer_error *error) {
  /* In this order: chown clears the setuid bit and the capabilities. */
  if (fchown(fd, entry->uid, entry->gid) != 0)
    return fail_errno(error, "chown", "cannot set the owner of \"%.200s\"", entry->name);
  if (fchmod(fd, entry->mode) != 0) return fail_errno(error, "chmod", "cannot set the mode of \"%.200s\"", entry->name);
  return apply_xattrs(writer, fd, entry->name, error);
}

/* What openat has made already needs no chown and chmod: most files of most images. */
static int apply_file_attributes(struct layer_writer *writer, int fd, const struct tar_entry *entry, struct layer_error *error) {
  if (entry->uid == 0 && entry->gid == 0 && (entry->mode & SPECIAL_BITS) == 0)
    return apply_xattrs(writer, fd, entry->name, error);
  return apply_attributes(writer, fd, entry, error);
}

static int write_at(int fd, const unsigned char *bytes, size_t length, int64_t offset) {
  while (length > 0) {
    ssize_t done = pwrite(fd, bytes, length, offset);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    bytes += done;
    offset += done;
    length -= (size_t)done;
  }
  return 0;
}

/* Holes of sparse entries stay holes: only what is data gets written, and the size is set at the end. */
static int write_data(struct layer_writer *writer, int fd, const struct tar_entry *entry, struct layer_error *error) {
  const void *bytes = NULL;
  size_t length = 0;
  int64_t offset = 0;
  int64_t end = 0;
  int more;

  while ((more = tar_data(&writer->reader, &bytes, &length, &offset, error)) > 0) {
    if (offset < 0 || offset > entry->size || length > (uint64_t)(entry->size - offset))
      return fail(error, FAILURE_INVALID, "write", "\"%.200s\" has data beyond its size", entry->name);
    if (write_at(fd, bytes, length, offset) != 0) return fail_errno(error, "write", "cannot write \"%.200s\"", entry->name);
    if (length > 0) end = offset + (int64_t)length;
  }
  if (more == 0 && end < entry->size && ftruncate(fd, entry->size) != 0)
    return fail_errno(error, "write", "cannot set the size of \"%.200s\"", entry->name);
  return more;
}

static int open_new(struct layer_writer *writer, int parent, const char *name, mode_t mode, struct layer_error *error) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, flags, mode);

  if (fd >= 0 || errno != EEXIST) return fd;
  return clear_place(writer, parent, name, error) == 0 ? openat(parent, name, flags, mode) : -1;
}

int apply_regular(struct layer_writer *writer, int parent, const char *name, const struct tar_entry *entry,
                  struct layer_error *error) {
  const struct timespec times[2] = {entry->mtime, entry->mtime};
  cleanup_close int fd = -1;

  error->kind = 0;
  fd = open_new(writer, parent, name, entry->mode & 0777, error);
  if (fd < 0) return error->kind != 0 ? -1 : fail_errno(error, "create", "cannot create \"%.200s\"", entry->name);
  if (write_data(writer, fd, entry, error) < 0 || apply_file_attributes(writer, fd, entry, error) < 0) {
    /* Half a file is none. */
    (void)unlinkat(parent, name, 0);
    return -1;
  }
  if (futimens(fd, times) != 0) return fail_errno(error, "times", "cannot set the times of \"%.200s\"", entry->name);
  writer->result.size_bytes += (uint64_t)entry->size;
  return 0;
}
