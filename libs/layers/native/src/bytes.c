#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 4096

static bool reserve(struct bytes *bytes, size_t length) {
  size_t capacity = bytes->capacity < CAPACITY_MIN ? CAPACITY_MIN : bytes->capacity;
  unsigned char *data;

  while (capacity < bytes->length + length) capacity *= 2;
  if (capacity == bytes->capacity) return true;
  data = realloc(bytes->data, capacity);
  if (!data) return false;
  bytes->data = data;
  bytes->capacity = capacity;
  return true;
}

unsigned char *bytes_extend(struct bytes *bytes, size_t length) {
  unsigned char *start;

  if (bytes->failed || !reserve(bytes, length)) {
    bytes->failed = true;
    return NULL;
  }
  start = bytes->data + bytes->length;
  memset(start, 0, length);
  bytes->length += length;
  return start;
}

void bytes_append(struct bytes *bytes, const void *data, size_t length) {
  unsigned char *start = bytes_extend(bytes, length);

  if (start && length > 0) memcpy(start, data, length);
}

void bytes_destroy(struct bytes *bytes) {
  free(bytes->data);
  *bytes = (struct bytes){0};
}
