/* Which parts of a file are data. */
#ifndef BERTH_EXTENTS_H
#define BERTH_EXTENTS_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A hole is a run of whole chunks of zeros, in a file larger than one chunk: by what the file holds, not by how a file system stored it.
 * So a copy of the file has the same holes.
 */
#define EXTENT_CHUNK ((uint64_t)64 * 1024)

struct extent {
  uint64_t offset;
  uint64_t length;
};

struct extents {
  struct extent *items;
  size_t count;
  size_t capacity;
};

/* Adds data behind all that was added before; what touches is one extent. -1 when memory has run out. */
int extents_add(struct extents *extents, uint64_t offset, uint64_t length);
/* True when a file of that size has no hole. */
int extents_cover(const struct extents *extents, uint64_t size);
void extents_clear(struct extents *extents);
void extents_destroy(struct extents *extents);

/* True for `length` zeros; not for none. */
int is_zero(const unsigned char *bytes, size_t length);

#endif
