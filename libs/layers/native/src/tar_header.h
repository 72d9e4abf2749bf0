/*
 * Headers of tar entries: pure functions. Every byte is a function of what the entry says, so that an archive that is written again
 * has the same digest (docs/adr/0022-layers-are-written-by-own-code.md). The format is POSIX pax with what Go and GNU tar add to it.
 */
#ifndef BERTH_TAR_HEADER_H
#define BERTH_TAR_HEADER_H

#include "bytes.h"
#include "extents.h"
#include "tar_reader.h"

#define TAR_BLOCK_SIZE 512

struct tar_header {
  enum tar_type type; /* not TAR_OTHER */
  const char *name;   /* without a slash at its end; empty: the root */
  const char *link;   /* of hard links and symbolic links */
  mode_t mode;
  uid_t uid;
  gid_t gid;
  uint64_t size; /* of regular files */
  dev_t device;
  struct timespec mtime;
  const struct tar_xattr *xattrs; /* sorted by name */
  size_t xattr_count;
  const struct extents *extents; /* of regular files: NULL when there are no holes */
};

/* Appends all blocks that come before the entry's data; of a file with holes also the map of what is data. */
void tar_header_append(const struct tar_header *header, struct bytes *out);

/* The times that an archive keeps: those before 1970 have no fraction, because readers disagree about it. */
struct timespec tar_time(struct timespec time);

#endif
