/* How overlayfs marks what it must know: https://docs.kernel.org/filesystems/overlayfs.html. */
#ifndef BERTH_OVERLAY_MARKS_H
#define BERTH_OVERLAY_MARKS_H

#include "error.h"

#include <stdbool.h>
#include <sys/stat.h>

enum overlay_opaque {
  OVERLAY_MERGED,
  OVERLAY_OPAQUE,    /* hides what the layers below have in this directory */
  OVERLAY_WHITEOUTS, /* merged, and some empty files in it are whiteouts by an attribute */
};

/* True for overlay's whiteout, a character device 0:0. */
bool is_whiteout(const struct stat *status);
/* What an open directory is. */
enum overlay_opaque overlay_opaque(int fd);
/* True when an open empty file is a whiteout by its attribute. */
bool overlay_is_xattr_whiteout(int fd);
/* True when an open directory or file says that the rest of it is elsewhere below: Berth mounts no overlay that writes this. */
bool overlay_is_redirected(int fd);

/* Marks an open directory as opaque. */
int mark_opaque(int fd, struct layer_error *error);

#endif
