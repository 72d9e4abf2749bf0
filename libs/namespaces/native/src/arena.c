#include "arena.h"

#include <sys/mman.h>

static void *allocate(void *data, size_t size) { return arena_allocate(data, size); }

static void release(void *data, void *pointer) {
  (void)data;
  (void)pointer;
}

int arena_open(struct arena *arena, size_t capacity) {
  void *base = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return -1;
  arena->base = base;
  arena->used = 0;
  arena->capacity = capacity;
  arena->allocator = (ProtobufCAllocator){.alloc = allocate, .free = release, .allocator_data = arena};
  return 0;
}

void *arena_allocate(struct arena *arena, size_t size) {
  size_t left = arena->capacity - arena->used;
  if (size > left || ((size + 15) & ~(size_t)15) > left) return NULL;
  void *memory = arena->base + arena->used;
  arena->used += (size + 15) & ~(size_t)15;
  return memory;
}

void arena_close(struct arena *arena) {
  if (arena->base != NULL) (void)munmap(arena->base, arena->capacity);
  arena->base = NULL;
  arena->used = arena->capacity = 0;
}
