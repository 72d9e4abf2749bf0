#include "tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* 2^32-1 means "leave as it is" to chown. */
#define ID_MAX 4294967294LL

static la_ssize_t read_block(struct archive *archive, void *argument, const void **bytes) {
  const struct ring_block *block = ring_next(argument);

  (void)archive;
  *bytes = block ? block->bytes : NULL;
  return block ? (la_ssize_t)block->length : 0;
}

static int fail_archive(struct tar_reader *reader, const char *step, struct layer_error *error) {
  const char *message = archive_error_string(reader->archive);

  if (archive_errno(reader->archive) == ENOMEM) return fail(error, FAILURE_LIMIT, step, "the layer needs too much memory");
  return fail(error, FAILURE_INVALID, step, "the layer is not a valid tar archive: %s", message ? message : "unknown error");
}

int tar_open(struct tar_reader *reader, struct ring *ring, struct layer_error *error) {
  reader->ring = ring;
  reader->raw = NULL;
  reader->archive = archive_read_new();
  if (!reader->archive) return fail(error, FAILURE_LIMIT, "tar", "out of memory");
  archive_read_support_filter_none(reader->archive);
  archive_read_support_format_tar(reader->archive);
  archive_read_support_format_empty(reader->archive);
  if (archive_read_open(reader->archive, ring, NULL, read_block, NULL) != ARCHIVE_OK) return fail_archive(reader, "tar", error);
  return 0;
}

void tar_close(struct tar_reader *reader) {
  archive_read_free(reader->archive);
  reader->archive = NULL;
}

static enum tar_type type_of(struct archive_entry *raw) {
  if (archive_entry_hardlink(raw)) return TAR_HARDLINK;
  switch (archive_entry_filetype(raw)) {
    case AE_IFDIR:
      return TAR_DIRECTORY;
    case AE_IFREG:
      return TAR_REGULAR;
    case AE_IFLNK:
      return TAR_SYMLINK;
    case AE_IFCHR:
      return TAR_CHARACTER;
    case AE_IFBLK:
      return TAR_BLOCK;
    case AE_IFIFO:
      return TAR_FIFO;
    default:
      return TAR_OTHER;
  }
}

static bool fill_entry(struct archive_entry *raw, struct tar_entry *entry) {
  int64_t uid = archive_entry_uid(raw);
  int64_t gid = archive_entry_gid(raw);

  *entry = (struct tar_entry){
      .type = type_of(raw),
      .name = archive_entry_pathname(raw),
      .mode = archive_entry_perm(raw) & 07777,
      .uid = (uid_t)uid,
      .gid = (gid_t)gid,
      .size = archive_entry_size(raw),
      .device = archive_entry_rdev(raw),
      .mtime = {.tv_sec = archive_entry_mtime(raw), .tv_nsec = archive_entry_mtime_nsec(raw)},
  };
  entry->link = entry->type == TAR_HARDLINK ? archive_entry_hardlink(raw) : archive_entry_symlink(raw);
  return uid >= 0 && uid <= ID_MAX && gid >= 0 && gid <= ID_MAX;
}

int tar_next(struct tar_reader *reader, struct tar_entry *entry, struct layer_error *error) {
  /* ARCHIVE_WARN: a name is no UTF-8; libarchive then keeps its bytes, which is what we want. */
  int result = archive_read_next_header(reader->archive, &reader->raw);

  if (result == ARCHIVE_EOF) return 0;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return fail_archive(reader, "tar", error);
  if (!fill_entry(reader->raw, entry))
    return fail(error, FAILURE_INVALID, "tar", "tar entry \"%.200s\" has an owner that is out of range",
                entry->name ? entry->name : "");
  if (!entry->name) return fail(error, FAILURE_INVALID, "tar", "a tar entry has no name");
  if (entry->size < 0) return fail(error, FAILURE_INVALID, "tar", "tar entry \"%.200s\" has a negative size", entry->name);
  return 1;
}

int tar_data(struct tar_reader *reader, const void **bytes, size_t *length, int64_t *offset, struct layer_error *error) {
  int result = archive_read_data_block(reader->archive, bytes, length, offset);

  if (result == ARCHIVE_EOF) return 0;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return fail_archive(reader, "tar", error);
  return 1;
}

int tar_xattr_count(struct tar_reader *reader) {
  return archive_entry_xattr_reset(reader->raw);
}

int tar_xattr_next(struct tar_reader *reader, struct tar_xattr *xattr) {
  return archive_entry_xattr_next(reader->raw, &xattr->name, &xattr->value, &xattr->size) == ARCHIVE_OK ? 0 : -1;
}
