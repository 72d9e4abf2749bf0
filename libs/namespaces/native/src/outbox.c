#include "outbox.h"

#include <string.h>
#include <sys/mman.h>

static bool map(struct outbox *outbox) {
  if (outbox->base != NULL) return true;
  void *base = mmap(NULL, outbox->capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return false;
  outbox->base = base;
  outbox->start = 0;
  return true;
}

static void make_room(struct outbox *outbox, size_t more) {
  if (outbox->start + outbox->size + more <= outbox->capacity) return;
  memmove(outbox->base, outbox->base + outbox->start, outbox->size);
  outbox->start = 0;
}

bool outbox_append(struct outbox *outbox, const struct iovec *parts, size_t count, size_t skip) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += parts[i].iov_len;
  if (skip >= total) return true;
  if (total - skip > outbox->capacity - outbox->size || !map(outbox)) return false;
  make_room(outbox, total - skip);
  for (size_t i = 0; i < count; i++) {
    size_t skipped = skip < parts[i].iov_len ? skip : parts[i].iov_len;
    skip -= skipped;
    size_t size = parts[i].iov_len - skipped;
    if (size == 0) continue;
    memcpy(outbox->base + outbox->start + outbox->size, (const uint8_t *)parts[i].iov_base + skipped, size);
    outbox->size += size;
  }
  return true;
}

void outbox_consume(struct outbox *outbox, size_t size) {
  outbox->start += size;
  outbox->size -= size;
  if (outbox->size == 0) outbox_free(outbox);
}

void outbox_free(struct outbox *outbox) {
  if (outbox->base != NULL) (void)munmap(outbox->base, outbox->capacity);
  outbox->base = NULL;
  outbox->start = outbox->size = 0;
}
