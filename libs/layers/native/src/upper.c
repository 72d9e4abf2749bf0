#include "upper.h"

#include "cleanup.h"
#include "container_path.h"
#include "overlay_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int visit_name(struct upper *upper, struct upper_entry *directory, const char *name, struct layer_error *error);

int upper_set_mount_points(struct upper *upper, char *list, struct layer_error *error) {
  for (char *path; list && (path = strsep(&list, ":")) != NULL;) {
    if (upper->mount_point_count == HIDDEN_MAX) return fail(error, FAILURE_USAGE, "options", "too many mount points");
    upper->mount_points[upper->mount_point_count++] = path;
  }
  return 0;
}

/* Something else has removed or replaced it since it was seen. */
static bool has_vanished(void) {
  return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

/* A directory of the engine's is told with the first entry in it. */
static int enter(struct upper *upper, struct upper_entry *entry, struct layer_error *error) {
  char rest = upper->path[entry->path_length];
  int result;

  if (entry->entered) return 0;
  if (entry->above && enter(upper, entry->above, error) < 0) return -1;
  entry->entered = true;
  upper->path[entry->path_length] = '\0';
  result = upper->visitor.enter(upper->visitor.context, entry, error);
  upper->path[entry->path_length] = rest;
  return result;
}

static bool is_mount_point(const struct upper *upper, const struct upper_entry *entry) {
  if (entry->below.found) return false;
  if (!S_ISDIR(entry->status.st_mode) && (!S_ISREG(entry->status.st_mode) || entry->status.st_size > 0)) return false;
  for (size_t i = 0; i < upper->mount_point_count; i++) {
    if (strcmp(upper->mount_points[i], entry->path) == 0) return true;
  }
  return false;
}

static bool is_xattr_whiteout(const struct upper_entry *entry) {
  cleanup_close int fd = -1;

  if (!entry->above->xattr_whiteouts || !S_ISREG(entry->status.st_mode) || entry->status.st_size > 0) return false;
  fd = openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  return fd >= 0 && overlay_is_xattr_whiteout(fd);
}

static int read_marks(const struct upper *upper, struct upper_entry *entry, struct layer_error *error) {
  enum overlay_opaque opaque = upper->is_plain ? OVERLAY_MERGED : overlay_opaque(entry->fd);
  bool covered = entry->above && entry->above->covered;

  if (!upper->is_plain && overlay_is_redirected(entry->fd))
    return fail(error, FAILURE_INVALID, "walk", "\"%.200s\" is marked by another overlay mount as moved", entry->path);
  entry->is_opaque = opaque == OVERLAY_OPAQUE && !covered && (upper->is_layer || entry->below.stack.count > 0);
  entry->covered = covered || opaque == OVERLAY_OPAQUE;
  entry->xattr_whiteouts = opaque == OVERLAY_WHITEOUTS;
  return 0;
}

static int visit_children(struct upper *upper, struct upper_entry *entry, struct layer_error *error) {
  cleanup_names struct names names = {0};

  if (upper->visitor.wants_hidden && entry->covered &&
      lower_names(&upper->layers, &entry->below.stack, entry->path, &names, error) < 0)
    return -1;
  if (names_add(entry->fd, &names, error) < 0) return -1;
  for (size_t i = 0; i < names.count; i++) {
    if (visit_name(upper, entry, names.items[i], error) < 0) return -1;
  }
  return 0;
}

static int visit_directory(struct upper *upper, struct upper_entry *entry, struct layer_error *error) {
  if (read_marks(upper, entry, error) < 0) return -1;
  if (!is_mount_point(upper, entry) && enter(upper, entry, error) < 0) return -1;
  if (!(upper->is_plain && is_kernel_view(entry->fd)) && visit_children(upper, entry, error) < 0) return -1;
  if (!entry->entered || !upper->visitor.leave) return 0;
  return upper->visitor.leave(upper->visitor.context, entry, error);
}

/* The status comes from what was opened. */
static int open_directory(struct upper_entry *entry, struct layer_error *error) {
  entry->fd = openat(entry->parent, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (entry->fd >= 0 && fstat(entry->fd, &entry->status) == 0) return 1;
  return has_vanished() ? 0 : fail_errno(error, "walk", "cannot open \"%.200s\"", entry->path);
}

/* 1 when there is something to tell, 0 when not. */
static int look(struct upper *upper, struct upper_entry *entry, struct layer_error *error) {
  bool is_here = fstatat(entry->parent, entry->name, &entry->status, AT_SYMLINK_NOFOLLOW) == 0;

  if (!is_here && !has_vanished()) return fail_errno(error, "walk", "cannot look at \"%.200s\"", entry->path);
  if (!is_here && !(entry->above->covered && upper->visitor.wants_hidden)) return 0;
  if (lower_look(&upper->layers, &entry->above->below.stack, entry->path, &entry->below, error) < 0) return -1;
  entry->is_gone = !upper->is_plain && (!is_here || is_whiteout(&entry->status) || is_xattr_whiteout(entry));
  return is_here || entry->below.found;
}

static int visit(struct upper *upper, struct upper_entry *entry, struct layer_error *error) {
  int there = look(upper, entry, error);

  if (there <= 0) return there;
  if (entry->is_gone) return enter(upper, entry, error);
  if (!S_ISDIR(entry->status.st_mode)) return is_mount_point(upper, entry) ? 0 : enter(upper, entry, error);
  there = open_directory(entry, error);
  return there <= 0 ? there : visit_directory(upper, entry, error);
}

static int visit_name(struct upper *upper, struct upper_entry *directory, const char *name, struct layer_error *error) {
  size_t start = directory->path_length + (directory->path_length > 0);
  size_t length = strlen(name);
  struct upper_entry entry = {.above = directory, .path = upper->path, .parent = directory->fd, .fd = -1};
  int result;

  if (start + length > ENTRY_PATH_MAX)
    return fail(error, FAILURE_INVALID, "walk", "the path of \"%.200s\" is too long", name);
  if (directory->path_length > 0) upper->path[directory->path_length] = '/';
  memcpy(upper->path + start, name, length + 1);
  entry.name = upper->path + start;
  entry.path_length = start + length;
  result = visit(upper, &entry, error);
  if (entry.fd >= 0) close(entry.fd);
  lower_entry_destroy(&entry.below);
  upper->path[directory->path_length] = '\0';
  return result;
}

int upper_walk(struct upper *upper, struct layer_error *error) {
  struct upper_entry root = {.path = upper->path, .name = upper->path, .parent = -1};
  int result = lower_stack_of_root(&upper->layers, &root.below, error);

  root.fd = openat(upper->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (result == 0 && (root.fd < 0 || fstat(root.fd, &root.status) != 0))
    result = fail_errno(error, "walk", "cannot open the writable layer");
  if (result == 0) result = visit_directory(upper, &root, error);
  if (root.fd >= 0) close(root.fd);
  lower_entry_destroy(&root.below);
  return result;
}

void upper_close(struct upper *upper) {
  if (upper->fd >= 0) close(upper->fd);
  lower_layers_close(&upper->layers);
}
