/* Memory for one request: handed out front to back, given back to the kernel all at once, so that a keeper stays small.
 */
#ifndef BERTH_ARENA_H
#define BERTH_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
  uint8_t *base;
  size_t used;
  size_t capacity;
  ProtobufCAllocator allocator; /* protobuf-c's view of this arena */
};

/* Reserves address space; pages come with use. Returns 0, or -1 with errno. */
int arena_open(struct arena *arena, size_t capacity);

/* Returns memory aligned to 16 bytes, or NULL when the arena is full. */
void *arena_allocate(struct arena *arena, size_t size);

/* Returns everything to the kernel. Safe to call twice. */
void arena_close(struct arena *arena);

#endif
