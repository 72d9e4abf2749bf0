/* A growing run of bytes that is used again and again. */
#ifndef BERTH_BYTES_H
#define BERTH_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
  unsigned char *data;
  size_t length;
  size_t capacity;
  bool failed; /* memory has run out: what was added since is lost */
};

/* Room for `length` more bytes, zeroed and counted as used; NULL when memory has run out. */
unsigned char *bytes_extend(struct bytes *bytes, size_t length);
void bytes_append(struct bytes *bytes, const void *data, size_t length);
void bytes_destroy(struct bytes *bytes);

#endif
