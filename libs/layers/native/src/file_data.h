/* The content of regular files, on its way into an archive, a copy, or both. */
#ifndef BERTH_FILE_DATA_H
#define BERTH_FILE_DATA_H

#include "extents.h"
#include "tar_writer.h"

/*
 * Copies `size` bytes of one open file to another, which is empty, and notes what was data. What the file lacks by now becomes a hole.
 * With `to` -1 it only notes.
 */
int file_copy(int from, int to, uint64_t size, struct extents *extents, struct layer_error *error);

/*
 * Writes these extents of an open file into the archive, and the padding after them. What the file lacks by now becomes zeros, so
 * that the archive stays whole.
 */
int file_archive(int from, const struct extents *extents, struct tar_writer *writer, struct layer_error *error);

#endif
