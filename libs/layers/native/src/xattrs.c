#include "xattrs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define CAPABILITY_XATTR "security.capability"
#define USER_PREFIX "user."
/* XATTR_SIZE_MAX of the kernel. */
#define VALUE_MAX ((size_t)64 * 1024)

bool xattr_is_wanted(const char *name) {
  return strcmp(name, CAPABILITY_XATTR) == 0 || strncmp(name, USER_PREFIX, strlen(USER_PREFIX)) == 0;
}

static int compare(const void *left, const void *right) {
  return strcmp(((const struct tar_xattr *)left)->name, ((const struct tar_xattr *)right)->name);
}

static int read_names(int fd, const char *path, struct xattrs *xattrs, struct layer_error *error) {
  ssize_t length = flistxattr(fd, xattrs->list, sizeof(xattrs->list));

  xattrs->count = 0;
  if (length < 0 && errno == EOPNOTSUPP) return 0;
  if (length < 0) return fail_errno(error, "xattr", "cannot list the attributes of \"%.200s\"", path);
  for (const char *name = xattrs->list; name < xattrs->list + length; name += strlen(name) + 1) {
    if (!xattr_is_wanted(name)) continue;
    if (xattrs->count == XATTRS_MAX) return fail(error, FAILURE_LIMIT, "xattr", "\"%.200s\" has too many attributes", path);
    xattrs->items[xattrs->count++] = (struct tar_xattr){.name = name};
  }
  if (xattrs->count > 1) qsort(xattrs->items, xattrs->count, sizeof(xattrs->items[0]), compare);
  return 0;
}

/* One that goes while we read is as good as empty. */
static ssize_t read_value(int fd, const char *name, struct bytes *values) {
  unsigned char *place = bytes_extend(values, VALUE_MAX);
  ssize_t size = place ? fgetxattr(fd, name, place, VALUE_MAX) : 0;

  if (place) values->length -= VALUE_MAX;
  if (size < 0 && errno == ENODATA) size = 0;
  if (size > 0) values->length += (size_t)size;
  return size;
}

int xattrs_read(int fd, const char *path, struct xattrs *xattrs, struct layer_error *error) {
  size_t at = 0;

  if (read_names(fd, path, xattrs, error) < 0) return -1;
  xattrs->values.length = 0;
  for (size_t i = 0; i < xattrs->count; i++) {
    ssize_t size = read_value(fd, xattrs->items[i].name, &xattrs->values);

    if (size < 0) return fail_errno(error, "xattr", "cannot read an attribute of \"%.200s\"", path);
    xattrs->items[i].size = (size_t)size;
  }
  if (xattrs->values.failed) return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  for (size_t i = 0; i < xattrs->count; at += xattrs->items[i++].size) xattrs->items[i].value = xattrs->values.data + at;
  return 0;
}

int xattrs_write(int fd, const char *path, const struct xattrs *xattrs, struct layer_error *error) {
  for (size_t i = 0; i < xattrs->count; i++) {
    const struct tar_xattr *xattr = &xattrs->items[i];

    if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) == 0) continue;
    if (errno == EOPNOTSUPP && strcmp(xattr->name, CAPABILITY_XATTR) != 0) continue;
    return fail_errno(error, "xattr", "cannot set \"%.80s\" of \"%.200s\"", xattr->name, path);
  }
  return 0;
}

void xattrs_destroy(struct xattrs *xattrs) {
  bytes_destroy(&xattrs->values);
}
