/* The extended attributes that belong to a layer: `user.*` and `security.capability`, as unpacking takes them. */
#ifndef BERTH_XATTRS_H
#define BERTH_XATTRS_H

#include "bytes.h"
#include "error.h"
#include "tar_reader.h"

#define XATTRS_MAX 256

struct xattrs {
  struct tar_xattr items[XATTRS_MAX]; /* sorted by name */
  size_t count;
  char list[64 * 1024]; /* as the kernel gives it: names */
  struct bytes values;
};

bool xattr_is_wanted(const char *name);

/* Reads those of an open file or directory; `path` is for the error. */
int xattrs_read(int fd, const char *path, struct xattrs *xattrs, struct layer_error *error);
/* Gives them to another. A file system that does not take attributes of users loses them. */
int xattrs_write(int fd, const char *path, const struct xattrs *xattrs, struct layer_error *error);
void xattrs_destroy(struct xattrs *xattrs);

#endif
