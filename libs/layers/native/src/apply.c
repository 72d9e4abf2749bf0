#include "apply.h"

#include "cleanup.h"
#include "remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

int clear_place(struct layer_writer *writer, int parent, const char *name, struct layer_error *error) {
  struct stat status;

  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? 0 : fail_errno(error, "replace", "cannot look at \"%.200s\"", name);
  if (writer->rules.keep_place && S_ISDIR(status.st_mode))
    return fail(error, FAILURE_CONFLICT, "replace", "cannot overwrite directory \"%.200s\" with non-directory", name);
  if (S_ISREG(status.st_mode)) {
    if (unlinkat(parent, name, 0) != 0) return fail_errno(error, "replace", "cannot remove \"%.200s\"", name);
    return 0;
  }
  /* A remembered path may have led through it. The parent that the caller holds does not. */
  writer->root.stale = true;
  return remove_tree(parent, name, error);
}

static int clean_entry_name(const char *name, struct entry_path *path, struct layer_error *error) {
  switch (entry_path_clean(name, strlen(name), path)) {
    case ENTRY_PATH_OK:
      return 0;
    case ENTRY_PATH_ESCAPES:
      return fail(error, FAILURE_INVALID, "name", "tar entry \"%.200s\" would leave the layer", name);
    case ENTRY_PATH_TOO_LONG:
      return fail(error, FAILURE_LIMIT, "name", "tar entry \"%.200s...\" has a name that is too long", name);
    case ENTRY_PATH_EMPTY:
    case ENTRY_PATH_NUL:
    default:
      return fail(error, FAILURE_INVALID, "name", "a tar entry has an empty name");
  }
}

int apply_base(const struct layer_writer *writer, struct entry_path *path, struct layer_error *error) {
  const struct entry_path *base = &writer->rules.base;
  size_t start = base->length + (base->length > 0 && path->length > 0);

  if (start + path->length > ENTRY_PATH_MAX) return fail(error, FAILURE_LIMIT, "name", "a path is too long: \"%.200s...\"", path->text);
  memmove(path->text + start, path->text, path->length + 1);
  memcpy(path->text, base->text, base->length);
  if (start > base->length) path->text[base->length] = '/';
  path->length += start;
  return 0;
}

/* The parent of the entry, made when the archive has no entry for it. */
static int parent_of(struct layer_writer *writer, const struct entry_path *path, struct layer_error *error) {
  size_t base = entry_path_base(path);

  return root_directory(&writer->root, path->text, base > 0 ? base - 1 : 0, true, error);
}

static int apply_root(struct layer_writer *writer, const struct tar_entry *entry, struct layer_error *error) {
  static const struct entry_path root = {.length = 0};

  if (entry->type != TAR_DIRECTORY)
    return fail(error, FAILURE_INVALID, "name", "tar entry \"%.200s\" would replace the layer itself", entry->name);
  writer->result.has_root = true;
  writer->result.root_mode = entry->mode;
  writer->result.root_uid = entry->uid;
  writer->result.root_gid = entry->gid;
  if (apply_attributes(writer, writer->root.fd, entry, error) < 0) return -1;
  return directory_times_add(&writer->times, &root, writer->root.fd, entry->mtime, error);
}

static int clear_for_directory(struct layer_writer *writer, int parent, const char *name, struct layer_error *error) {
  if (!writer->rules.keep_place) return clear_place(writer, parent, name, error);
  return fail(error, FAILURE_CONFLICT, "replace", "cannot overwrite non-directory \"%.200s\" with directory", name);
}

static int apply_directory(struct layer_writer *writer, const struct entry_path *path, const struct tar_entry *entry,
                           struct layer_error *error) {
  const char *name = path->text + entry_path_base(path);
  int parent = parent_of(writer, path, error);
  struct stat status;
  int fd;

  if (parent < 0) return -1;
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(status.st_mode) && !is_whiteout(&status) &&
      clear_for_directory(writer, parent, name, error) < 0)
    return -1;
  fd = root_make_directory(parent, name, 0700, error);
  if (fd < 0) return -1;
  if (apply_attributes(writer, fd, entry, error) < 0 || directory_times_add(&writer->times, path, fd, entry->mtime, error) < 0) {
    close(fd);
    return -1;
  }
  root_remember(&writer->root, path, fd);
  return 0;
}

/* Owner and times of what has no fd. Its mode came with it; a symbolic link has none. */
static int apply_node_attributes(int parent, const char *name, const struct tar_entry *entry, struct layer_error *error) {
  const struct timespec times[2] = {entry->mtime, entry->mtime};

  if ((entry->uid != 0 || entry->gid != 0) && fchownat(parent, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(error, "chown", "cannot set the owner of \"%.200s\"", entry->name);
  if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(error, "times", "cannot set the times of \"%.200s\"", entry->name);
  return 0;
}

static int apply_symlink(struct layer_writer *writer, int parent, const char *name, const struct tar_entry *entry,
                         struct layer_error *error) {
  if (!entry->link || entry->link[0] == '\0')
    return fail(error, FAILURE_INVALID, "symlink", "symbolic link \"%.200s\" has no target", entry->name);
  if (symlinkat(entry->link, parent, name) != 0) {
    if (errno != EEXIST) return fail_errno(error, "symlink", "cannot make the symbolic link \"%.200s\"", entry->name);
    if (clear_place(writer, parent, name, error) < 0) return -1;
    if (symlinkat(entry->link, parent, name) != 0)
      return fail_errno(error, "symlink", "cannot make the symbolic link \"%.200s\"", entry->name);
  }
  return apply_node_attributes(parent, name, entry, error);
}

static mode_t format_of(enum tar_type type) {
  if (type == TAR_FIFO) return S_IFIFO;
  return type == TAR_CHARACTER ? S_IFCHR : S_IFBLK;
}

static int apply_node(struct layer_writer *writer, int parent, const char *name, const struct tar_entry *entry,
                      struct layer_error *error) {
  mode_t mode = entry->mode | format_of(entry->type);
  dev_t device = entry->type == TAR_FIFO ? 0 : entry->device;

  if (mknodat(parent, name, mode, device) != 0) {
    if (errno != EEXIST) return fail_errno(error, "mknod", "cannot make the device \"%.200s\"", entry->name);
    if (clear_place(writer, parent, name, error) < 0) return -1;
    if (mknodat(parent, name, mode, device) != 0)
      return fail_errno(error, "mknod", "cannot make the device \"%.200s\"", entry->name);
  }
  return apply_node_attributes(parent, name, entry, error);
}

/* A whiteout below what is no directory has nothing to hide; other failures stay failures. */
static int nothing_to_hide(const struct layer_error *error) {
  return error->kind == FAILURE_INVALID ? 0 : -1;
}

/* Hides `name` of the layers below. What this layer itself has there stays: a directory then hides only what is below it. */
static int apply_whiteout(struct layer_writer *writer, const struct entry_path *path, struct layer_error *error) {
  const char *name = path->text + entry_path_base(path) + WHITEOUT_PREFIX_LENGTH;
  int parent = parent_of(writer, path, error);
  cleanup_close int fd = -1;

  if (parent < 0) return nothing_to_hide(error);
  if (mknodat(parent, name, S_IFCHR, makedev(0, 0)) == 0) return 0;
  if (errno != EEXIST) return fail_errno(error, "whiteout", "cannot make the whiteout of \"%.200s\"", name);
  fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) return mark_opaque(fd, error);
  if (errno != ENOTDIR && errno != ELOOP) return fail_errno(error, "whiteout", "cannot open \"%.200s\"", name);
  return 0;
}

static int apply_opaque(struct layer_writer *writer, const struct entry_path *path, struct layer_error *error) {
  int parent = parent_of(writer, path, error);

  if (parent < 0) return nothing_to_hide(error);
  return mark_opaque(parent, error);
}

static int apply_plain(struct layer_writer *writer, const struct entry_path *path, const struct tar_entry *entry,
                       struct layer_error *error) {
  const char *name = path->text + entry_path_base(path);
  int parent;

  if (entry->type == TAR_DIRECTORY) return apply_directory(writer, path, entry, error);
  if (entry->type == TAR_OTHER) return 0;
  parent = parent_of(writer, path, error);
  if (parent < 0) return -1;
  switch (entry->type) {
    case TAR_REGULAR:
      return apply_regular(writer, parent, name, entry, error);
    case TAR_HARDLINK:
      return apply_hardlink(writer, parent, path, entry, error);
    case TAR_SYMLINK:
      return apply_symlink(writer, parent, name, entry, error);
    case TAR_CHARACTER:
    case TAR_BLOCK:
    case TAR_FIFO:
    case TAR_DIRECTORY:
    case TAR_OTHER:
    default:
      return apply_node(writer, parent, name, entry, error);
  }
}

static int apply_entry(struct layer_writer *writer, const struct tar_entry *entry, struct layer_error *error) {
  struct entry_path path;

  if (clean_entry_name(entry->name, &path, error) < 0 || apply_base(writer, &path, error) < 0) return -1;
  if (path.length == 0) return apply_root(writer, entry, error);
  switch (writer->rules.literal ? ENTRY_PLAIN : entry_path_kind(&path)) {
    case ENTRY_WHITEOUT:
      return apply_whiteout(writer, &path, error);
    case ENTRY_OPAQUE:
      return apply_opaque(writer, &path, error);
    case ENTRY_AUFS:
      return 0;
    case ENTRY_RESERVED:
      return fail(error, FAILURE_INVALID, "whiteout", "tar entry \"%.200s\" is no valid whiteout", entry->name);
    case ENTRY_PLAIN:
    default:
      return apply_plain(writer, &path, entry, error);
  }
}

int apply_layer(struct layer_writer *writer, struct layer_error *error) {
  struct tar_entry entry;
  int more;

  while ((more = tar_next(&writer->reader, &entry, error)) > 0) {
    if (++writer->result.entries > writer->limits.max_entries)
      return fail(error, FAILURE_LIMIT, "entries", "the layer has more than %llu entries",
                  (unsigned long long)writer->limits.max_entries);
    if (entry.type == TAR_REGULAR && (uint64_t)entry.size > writer->limits.max_bytes - writer->result.size_bytes)
      return fail(error, FAILURE_LIMIT, "size", "the layer's files are larger than %llu bytes",
                  (unsigned long long)writer->limits.max_bytes);
    if (writer->rules.set_owner) {
      entry.uid = writer->rules.owner;
      entry.gid = writer->rules.group;
    }
    if (writer->root.stale) root_forget(&writer->root);
    if (apply_entry(writer, &entry, error) < 0) return -1;
  }
  return more < 0 ? -1 : directory_times_apply(&writer->times, &writer->root, error);
}
