/*
 * Makes a layer of a container's writable layer: writes its archive and, with a target, copies it into a directory that is a layer for
 * overlayfs. The archive says exactly what the copy holds, so it can be written again from there with the same digest.
 */
#ifndef BERTH_LAYER_COPY_H
#define BERTH_LAYER_COPY_H

#include "file_data.h"
#include "link_table.h"
#include "report.h"
#include "upper.h"
#include "xattrs.h"

struct layer_copy {
  struct tar_writer tar;
  int target;       /* borrowed: an empty directory; -1: only the archive */
  /* With a name the archive is of an ordinary tree, all entries below that name: every name goes, and holes are zeros. */
  const char *archive_name;
  uint64_t max_bytes;
  uint64_t max_entries;
  struct layer_result result;

  struct link_table links;
  struct extents extents;
  struct xattrs xattrs;
  char link[4096];
  char name[ENTRY_PATH_MAX + ENTRY_NAME_MAX + 2];
};

/* Writes the archive of one file that is no directory; `entry` says where it is. */
int archive_file(struct layer_copy *copy, struct upper_entry *entry, struct layer_error *error);

/* The result has no digest: that is the tar writer's. */
int layer_copy(struct upper *upper, struct layer_copy *copy, struct layer_error *error);

#endif
