#include "apply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct link_target {
  int parent; /* borrowed */
  const char *name;
  struct stat status;
};

static int fail_missing(const struct tar_entry *entry, struct layer_error *error) {
  return fail(error, FAILURE_INVALID, "hardlink", "hard link \"%.200s\" names \"%.200s\", which is not in this layer",
              entry->name, entry->link);
}

/* Finds the target in this layer. A layer holds whole files: a link to a file of a layer below cannot be made, nor does a tool
 * write one. */
static int find_target(struct layer_writer *writer, const struct entry_path *path, const struct tar_entry *entry,
                       struct link_target *target, struct layer_error *error) {
  size_t base = entry_path_base(path);

  target->parent = root_directory(&writer->root, path->text, base > 0 ? base - 1 : 0, false, error);
  target->name = path->text + base;
  if (target->parent < 0) return error->kind != 0 ? -1 : fail_missing(entry, error);
  if (fstatat(target->parent, target->name, &target->status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? fail_missing(entry, error) : fail_errno(error, "hardlink", "cannot look at \"%.200s\"", entry->link);
  if (S_ISDIR(target->status.st_mode) || is_whiteout(&target->status))
    return fail(error, FAILURE_INVALID, "hardlink", "hard link \"%.200s\" names \"%.200s\", which is no file", entry->name,
                entry->link);
  return 0;
}

static bool is_same_file(int parent, const char *name, const struct stat *other) {
  struct stat status;

  return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_dev == other->st_dev &&
         status.st_ino == other->st_ino;
}

static int link_to(struct layer_writer *writer, int parent, const char *name, const struct tar_entry *entry,
                   const struct link_target *target, struct layer_error *error) {
  if (linkat(target->parent, target->name, parent, name, 0) == 0) return 0;
  if (errno == EEXIST) {
    if (is_same_file(parent, name, &target->status)) return 0;
    if (clear_place(writer, parent, name, error) < 0) return -1;
    if (linkat(target->parent, target->name, parent, name, 0) == 0) return 0;
  }
  /* Making way may have removed the target. */
  if (errno == ENOENT) return fail_missing(entry, error);
  return fail_errno(error, "hardlink", "cannot make the hard link \"%.200s\"", entry->name);
}

int apply_hardlink(struct layer_writer *writer, int parent, const struct entry_path *path, const struct tar_entry *entry,
                   struct layer_error *error) {
  struct link_target target = {.parent = -1};
  struct entry_path target_path;

  switch (entry_path_clean(entry->link, strlen(entry->link), &target_path)) {
    case ENTRY_PATH_OK:
      break;
    case ENTRY_PATH_ESCAPES:
      return fail(error, FAILURE_INVALID, "hardlink", "hard link \"%.200s\" to \"%.200s\" would leave the layer", entry->name,
                  entry->link);
    case ENTRY_PATH_EMPTY:
    case ENTRY_PATH_NUL:
    case ENTRY_PATH_TOO_LONG:
    default:
      return fail_missing(entry, error);
  }
  if (target_path.length == 0) return fail_missing(entry, error);
  if (apply_base(writer, &target_path, error) < 0) return -1;
  if (find_target(writer, &target_path, entry, &target, error) < 0) return -1;
  return link_to(writer, parent, path->text + entry_path_base(path), entry, &target, error);
}
