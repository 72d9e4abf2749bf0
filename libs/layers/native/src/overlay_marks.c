#include "overlay_marks.h"

#include <stddef.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define OVERLAY "trusted.overlay."

bool is_whiteout(const struct stat *status) {
  return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

enum overlay_opaque overlay_opaque(int fd) {
  char value = '\0';

  if (fgetxattr(fd, OVERLAY "opaque", &value, 1) != 1) return OVERLAY_MERGED;
  if (value == 'y') return OVERLAY_OPAQUE;
  return value == 'x' ? OVERLAY_WHITEOUTS : OVERLAY_MERGED;
}

bool overlay_is_xattr_whiteout(int fd) {
  return fgetxattr(fd, OVERLAY "whiteout", NULL, 0) >= 0;
}

bool overlay_is_redirected(int fd) {
  return fgetxattr(fd, OVERLAY "redirect", NULL, 0) >= 0 || fgetxattr(fd, OVERLAY "metacopy", NULL, 0) >= 0;
}

int mark_opaque(int fd, struct layer_error *error) {
  if (fsetxattr(fd, OVERLAY "opaque", "y", 1, 0) != 0) return fail_errno(error, "opaque", "cannot mark a directory as opaque");
  return 0;
}
