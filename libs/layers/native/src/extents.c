#include "extents.h"

#include <stdlib.h>
#include <string.h>

int extents_add(struct extents *extents, uint64_t offset, uint64_t length) {
  struct extent *last = extents->count > 0 ? &extents->items[extents->count - 1] : NULL;

  if (last && last->offset + last->length == offset) {
    last->length += length;
    return 0;
  }
  if (extents->count == extents->capacity) {
    size_t capacity = extents->capacity == 0 ? 16 : extents->capacity * 2;
    struct extent *items = reallocarray(extents->items, capacity, sizeof(*items));

    if (!items) return -1;
    extents->items = items;
    extents->capacity = capacity;
  }
  extents->items[extents->count++] = (struct extent){.offset = offset, .length = length};
  return 0;
}

int extents_cover(const struct extents *extents, uint64_t size) {
  return size == 0 || (extents->count == 1 && extents->items[0].offset == 0 && extents->items[0].length == size);
}

void extents_clear(struct extents *extents) {
  extents->count = 0;
}

void extents_destroy(struct extents *extents) {
  free(extents->items);
  *extents = (struct extents){0};
}

int is_zero(const unsigned char *bytes, size_t length) {
  return length > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}
