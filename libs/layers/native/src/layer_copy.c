#include "layer_copy.h"

#include "cleanup.h"
#include "overlay_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_MARK ".wh..wh..opq"
#define MODE_BITS 07777

/* The name in the archive; lives until the next one is made. */
static const char *name_of(struct layer_copy *copy, const char *path) {
  if (!copy->archive_name || strcmp(copy->archive_name, ".") == 0) return path;
  snprintf(copy->name, sizeof(copy->name), "%s%s%s", copy->archive_name, path[0] == '\0' ? "" : "/", path);
  return copy->name;
}

static struct tar_header header_of(struct layer_copy *copy, const struct upper_entry *entry, enum tar_type type) {
  return (struct tar_header){
      .type = type,
      .name = name_of(copy, entry->path),
      .mode = entry->status.st_mode & MODE_BITS,
      .uid = entry->status.st_uid,
      .gid = entry->status.st_gid,
      .device = entry->status.st_rdev,
      .mtime = tar_time(entry->status.st_mtim),
  };
}

/* The target's directory in which an entry belongs: its own fd is kept in the mark of each directory. */
static int target_parent(const struct upper_entry *entry) {
  return entry->above->mark;
}

static int set_times(int parent, const char *name, const struct tar_header *header, int flags, struct layer_error *error) {
  const struct timespec times[2] = {header->mtime, header->mtime};

  if (utimensat(parent, name, times, flags) != 0) return fail_errno(error, "times", "cannot set the times of \"%.200s\"", header->name);
  return 0;
}

/* Owner before mode and attributes: chown takes the setuid bit and the capabilities. */
static int set_attributes(int fd, const struct tar_header *header, const struct xattrs *xattrs, struct layer_error *error) {
  if (fchown(fd, header->uid, header->gid) != 0)
    return fail_errno(error, "chown", "cannot set the owner of \"%.200s\"", header->name);
  if (fchmod(fd, header->mode) != 0) return fail_errno(error, "chmod", "cannot set the mode of \"%.200s\"", header->name);
  return xattrs_write(fd, header->name, xattrs, error);
}

/* An empty file in `directory` that the layer format gives a meaning. */
static int write_mark(struct layer_copy *copy, const struct upper_entry *directory, const char *prefix, const char *name,
                      struct layer_error *error) {
  char path[ENTRY_PATH_MAX + ENTRY_NAME_MAX + 16];
  const struct tar_header header = {.type = TAR_REGULAR, .name = path};
  int length = (int)directory->path_length;

  snprintf(path, sizeof(path), "%.*s%s%s%s", length, directory->path, length == 0 ? "" : "/", prefix, name);
  return tar_write_header(&copy->tar, &header, error);
}

static int copy_whiteout(struct layer_copy *copy, const struct upper_entry *entry, struct layer_error *error) {
  if (write_mark(copy, entry->above, WHITEOUT_PREFIX, entry->name, error) < 0) return -1;
  if (copy->target >= 0 && mknodat(target_parent(entry), entry->name, S_IFCHR, 0) != 0)
    return fail_errno(error, "create", "cannot create a whiteout of \"%.200s\"", entry->path);
  return 0;
}

/* Its times are set when nothing is created in it any more. */
static int make_directory(struct layer_copy *copy, struct upper_entry *entry, const struct tar_header *header,
                          struct layer_error *error) {
  if (copy->target < 0) return 0;
  if (entry->above && mkdirat(target_parent(entry), entry->name, 0700) != 0)
    return fail_errno(error, "create", "cannot create \"%.200s\"", entry->path);
  entry->mark = openat(entry->above ? target_parent(entry) : copy->target, entry->above ? entry->name : ".",
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (entry->mark < 0) return fail_errno(error, "create", "cannot open \"%.200s\"", entry->path);
  if (set_attributes(entry->mark, header, &copy->xattrs, error) < 0) return -1;
  return entry->is_opaque ? mark_opaque(entry->mark, error) : 0;
}

static int copy_directory(struct layer_copy *copy, struct upper_entry *entry, struct layer_error *error) {
  struct tar_header header = header_of(copy, entry, TAR_DIRECTORY);

  if (xattrs_read(entry->fd, entry->path, &copy->xattrs, error) < 0) return -1;
  header.xattrs = copy->xattrs.items;
  header.xattr_count = copy->xattrs.count;
  if (tar_write_header(&copy->tar, &header, error) < 0) return -1;
  if (entry->is_opaque && write_mark(copy, entry, "", OPAQUE_MARK, error) < 0) return -1;
  if (!entry->above) {
    copy->result.has_root = true;
    copy->result.root_mode = header.mode;
    copy->result.root_uid = header.uid;
    copy->result.root_gid = header.gid;
  }
  return make_directory(copy, entry, &header, error);
}

static int leave(void *context, struct upper_entry *entry, struct layer_error *error) {
  struct layer_copy *copy = context;
  cleanup_close int fd = entry->mark;
  const struct tar_header header = header_of(copy, entry, TAR_DIRECTORY);
  const struct timespec times[2] = {header.mtime, header.mtime};

  if (copy->target < 0) {
    take_fd(&fd);
    return 0;
  }
  if (futimens(fd, times) != 0) return fail_errno(error, "times", "cannot set the times of \"%.200s\"", entry->path);
  return 0;
}

/* With a target the archive is written from the copy, which does not change any more. */
static int copy_data(struct layer_copy *copy, int from, int to, struct tar_header *header, struct layer_error *error) {
  if (copy->archive_name && copy->target < 0) {
    extents_clear(&copy->extents);
    if (header->size > 0 && extents_add(&copy->extents, 0, header->size) < 0)
      return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  } else if (file_copy(from, to, header->size, &copy->extents, error) < 0) {
    return -1;
  }
  if (!extents_cover(&copy->extents, header->size)) header->extents = &copy->extents;
  if (tar_write_header(&copy->tar, header, error) < 0) return -1;
  return file_archive(to >= 0 ? to : from, &copy->extents, &copy->tar, error);
}

static int make_regular(const struct upper_entry *entry, struct layer_error *error) {
  int fd = openat(target_parent(entry), entry->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  return fd >= 0 ? fd : fail_errno(error, "create", "cannot create \"%.200s\"", entry->path);
}

/* What it is by now: 1 when it still is a regular file. */
static int open_regular(struct upper_entry *entry, int *fd, struct layer_error *error) {
  *fd = openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (*fd < 0) return errno == ENOENT || errno == ELOOP ? 0 : fail_errno(error, "open", "cannot open \"%.200s\"", entry->path);
  if (fstat(*fd, &entry->status) != 0) return fail_errno(error, "open", "cannot look at \"%.200s\"", entry->path);
  return S_ISREG(entry->status.st_mode);
}

static int count_bytes(struct layer_copy *copy, const struct tar_header *header, struct layer_error *error) {
  if (header->size > copy->max_bytes - copy->result.size_bytes)
    return fail(error, FAILURE_LIMIT, "read", "\"%.200s\" is larger than a layer may be", header->name);
  copy->result.size_bytes += header->size;
  return 0;
}

static int copy_regular(struct layer_copy *copy, struct upper_entry *entry, struct layer_error *error) {
  cleanup_close int from = -1;
  cleanup_close int to = -1;
  struct tar_header header;
  int there = open_regular(entry, &from, error);

  if (there <= 0) return there;
  header = header_of(copy, entry, TAR_REGULAR);
  header.size = (uint64_t)entry->status.st_size;
  if (count_bytes(copy, &header, error) < 0 || xattrs_read(from, entry->path, &copy->xattrs, error) < 0) return -1;
  header.xattrs = copy->xattrs.items;
  header.xattr_count = copy->xattrs.count;
  if (copy->target >= 0 && (to = make_regular(entry, error)) < 0) return -1;
  if (copy_data(copy, from, to, &header, error) < 0) return -1;
  if (to < 0) return 0;
  if (set_attributes(to, &header, &copy->xattrs, error) < 0) return -1;
  return set_times(to, "", &header, AT_EMPTY_PATH, error);
}

/* Hard links are relative to the root, of the archive and of the target. 0 when the first one has vanished before it was copied. */
static int copy_link(struct layer_copy *copy, const struct upper_entry *entry, const char *first, struct layer_error *error) {
  char first_name[sizeof(copy->name)];
  struct tar_header header;

  snprintf(first_name, sizeof(first_name), "%s", name_of(copy, first));
  header = header_of(copy, entry, TAR_HARDLINK);

  header.link = first_name;
  if (copy->target >= 0 && linkat(copy->target, first, target_parent(entry), entry->name, 0) != 0)
    return errno == ENOENT ? 0 : fail_errno(error, "create", "cannot link \"%.200s\"", entry->path);
  return tar_write_header(&copy->tar, &header, error) < 0 ? -1 : 1;
}

static int copy_symlink(struct layer_copy *copy, const struct upper_entry *entry, struct layer_error *error) {
  struct tar_header header = header_of(copy, entry, TAR_SYMLINK);
  ssize_t length = readlinkat(entry->parent, entry->name, copy->link, sizeof(copy->link) - 1);
  int parent;

  if (length < 0 && (errno == ENOENT || errno == EINVAL)) return 0;
  if (length < 0) return fail_errno(error, "open", "cannot read the link \"%.200s\"", entry->path);
  copy->link[length] = '\0';
  header.link = copy->link;
  header.mode = 0777;
  if (tar_write_header(&copy->tar, &header, error) < 0) return -1;
  if (copy->target < 0) return 0;
  parent = target_parent(entry);
  if (symlinkat(copy->link, parent, entry->name) != 0 || fchownat(parent, entry->name, header.uid, header.gid, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(error, "create", "cannot create \"%.200s\"", entry->path);
  return set_times(parent, entry->name, &header, AT_SYMLINK_NOFOLLOW, error);
}

static int copy_special(struct layer_copy *copy, const struct upper_entry *entry, enum tar_type type, struct layer_error *error) {
  const struct tar_header header = header_of(copy, entry, type);
  int parent;

  if (tar_write_header(&copy->tar, &header, error) < 0) return -1;
  if (copy->target < 0) return 0;
  parent = target_parent(entry);
  if (mknodat(parent, entry->name, (entry->status.st_mode & S_IFMT) | header.mode, header.device) != 0 ||
      fchownat(parent, entry->name, header.uid, header.gid, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(error, "create", "cannot create \"%.200s\"", entry->path);
  return set_times(parent, entry->name, &header, AT_SYMLINK_NOFOLLOW, error);
}

static int copy_file(struct layer_copy *copy, struct upper_entry *entry, struct layer_error *error) {
  int failed = 0;
  int linked = 0;
  const char *first;

  if (S_ISSOCK(entry->status.st_mode)) return 0;
  first = link_table_find(&copy->links, &entry->status, entry->path, &failed);
  if (failed) return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  if (first && (linked = copy_link(copy, entry, first, error)) != 0) return linked < 0 ? -1 : 0;
  switch (entry->status.st_mode & S_IFMT) {
    case S_IFREG:
      return copy_regular(copy, entry, error);
    case S_IFLNK:
      return copy_symlink(copy, entry, error);
    case S_IFCHR:
      return copy_special(copy, entry, TAR_CHARACTER, error);
    case S_IFBLK:
      return copy_special(copy, entry, TAR_BLOCK, error);
    default:
      return copy_special(copy, entry, TAR_FIFO, error);
  }
}

static int enter(void *context, struct upper_entry *entry, struct layer_error *error) {
  struct layer_copy *copy = context;

  if (++copy->result.entries > copy->max_entries)
    return fail(error, FAILURE_LIMIT, "walk", "there are more than %llu files", (unsigned long long)copy->max_entries);
  if (!copy->archive_name && strncmp(entry->name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
    return fail(error, FAILURE_INVALID, "walk", "\"%.200s\" cannot be in a layer: such names are the format's own", entry->path);
  if (entry->is_gone) return copy_whiteout(copy, entry, error);
  if (S_ISDIR(entry->status.st_mode)) return copy_directory(copy, entry, error);
  return copy_file(copy, entry, error);
}

static int finish(struct layer_copy *copy, int result, struct layer_error *error) {
  if (result == 0) result = tar_write_end(&copy->tar, error);
  link_table_destroy(&copy->links);
  extents_destroy(&copy->extents);
  xattrs_destroy(&copy->xattrs);
  tar_writer_destroy(&copy->tar);
  return result;
}

int layer_copy(struct upper *upper, struct layer_copy *copy, struct layer_error *error) {
  upper->visitor = (struct upper_visitor){.enter = enter, .leave = leave, .context = copy};
  return finish(copy, upper_walk(upper, error), error);
}

int archive_file(struct layer_copy *copy, struct upper_entry *entry, struct layer_error *error) {
  return finish(copy, copy_file(copy, entry, error), error);
}
