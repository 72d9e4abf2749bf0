/* Reads tar entries from the ring, by libarchive. */
#ifndef BERTH_TAR_READER_H
#define BERTH_TAR_READER_H

#include "error.h"
#include "ring.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct archive;
struct archive_entry;

enum tar_type {
  TAR_DIRECTORY,
  TAR_REGULAR,
  TAR_HARDLINK,
  TAR_SYMLINK,
  TAR_CHARACTER,
  TAR_BLOCK,
  TAR_FIFO,
  TAR_OTHER,
};

/* Strings live until the next entry is read. */
struct tar_entry {
  enum tar_type type;
  const char *name;
  const char *link; /* of hard links and symbolic links */
  mode_t mode;      /* permissions with the setuid, setgid and sticky bits */
  uid_t uid;
  gid_t gid;
  int64_t size;
  dev_t device;
  struct timespec mtime;
};

struct tar_xattr {
  const char *name;
  const void *value;
  size_t size;
};

struct tar_reader {
  struct archive *archive;
  struct archive_entry *raw;
  struct ring *ring;
};

int tar_open(struct tar_reader *reader, struct ring *ring, struct layer_error *error);
void tar_close(struct tar_reader *reader);
/* 1: an entry; 0: the end of the archive; -1: an error. */
int tar_next(struct tar_reader *reader, struct tar_entry *entry, struct layer_error *error);
/* The entry's next data: 1 with bytes that belong at `offset`, 0 at the end, -1 on error. */
int tar_data(struct tar_reader *reader, const void **bytes, size_t *length, int64_t *offset, struct layer_error *error);
/* How many extended attributes the entry has; rewinds to the first. */
int tar_xattr_count(struct tar_reader *reader);
int tar_xattr_next(struct tar_reader *reader, struct tar_xattr *xattr);

#endif
