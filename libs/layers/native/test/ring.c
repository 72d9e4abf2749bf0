#include "ring.h"
#include "tap.h"

#include <string.h>

#define ROUNDS 1000

static void *produce(void *argument) {
  struct ring *ring = argument;

  for (unsigned i = 0; i < ROUNDS; i++) {
    struct ring_block *block = ring_reserve(ring);

    if (!block) break;
    memcpy(block->bytes, &i, sizeof(i));
    block->length = sizeof(i);
    ring_commit(ring);
  }
  ring_finish(ring);
  return NULL;
}

static unsigned consume(struct ring *ring, unsigned limit) {
  const struct ring_block *block;
  unsigned count = 0;

  while (count < limit && (block = ring_next(ring)) != NULL) {
    unsigned value = 0;

    memcpy(&value, block->bytes, sizeof(value));
    if (value != count) break;
    count++;
  }
  return count;
}

static unsigned run(unsigned limit) {
  struct ring ring;
  pthread_t thread;
  unsigned count;

  if (ring_init(&ring) < 0 || pthread_create(&thread, NULL, produce, &ring) != 0) return 0;
  count = consume(&ring, limit);
  ring_abandon(&ring);
  pthread_join(thread, NULL);
  ring_destroy(&ring);
  return count;
}

int main(void) {
  check(run(ROUNDS + 1) == ROUNDS, "all blocks arrive, in order, and then the end");
  check(run(3) == 3, "a writer whose reader has gone stops");
  return done();
}
