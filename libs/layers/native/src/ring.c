#include "ring.h"

#include <stdlib.h>

int ring_init(struct ring *ring) {
  *ring = (struct ring){0};
  ring->blocks = calloc(RING_BLOCKS, sizeof(*ring->blocks));
  if (!ring->blocks) return -1;
  pthread_mutex_init(&ring->lock, NULL);
  pthread_cond_init(&ring->changed, NULL);
  return 0;
}

void ring_destroy(struct ring *ring) {
  pthread_cond_destroy(&ring->changed);
  pthread_mutex_destroy(&ring->lock);
  free(ring->blocks);
}

struct ring_block *ring_reserve(struct ring *ring) {
  struct ring_block *block = NULL;

  pthread_mutex_lock(&ring->lock);
  while (ring->filled == RING_BLOCKS && !ring->abandoned) pthread_cond_wait(&ring->changed, &ring->lock);
  if (!ring->abandoned) block = &ring->blocks[(ring->first + ring->filled) % RING_BLOCKS];
  pthread_mutex_unlock(&ring->lock);
  return block;
}

void ring_commit(struct ring *ring) {
  pthread_mutex_lock(&ring->lock);
  ring->filled++;
  pthread_cond_signal(&ring->changed);
  pthread_mutex_unlock(&ring->lock);
}

void ring_finish(struct ring *ring) {
  pthread_mutex_lock(&ring->lock);
  ring->finished = true;
  pthread_cond_signal(&ring->changed);
  pthread_mutex_unlock(&ring->lock);
}

const struct ring_block *ring_next(struct ring *ring) {
  const struct ring_block *block = NULL;

  pthread_mutex_lock(&ring->lock);
  if (ring->reader_holds) {
    ring->first = (ring->first + 1) % RING_BLOCKS;
    ring->filled--;
    ring->reader_holds = false;
    pthread_cond_signal(&ring->changed);
  }
  while (ring->filled == 0 && !ring->finished) pthread_cond_wait(&ring->changed, &ring->lock);
  if (ring->filled > 0) {
    block = &ring->blocks[ring->first];
    ring->reader_holds = true;
  }
  pthread_mutex_unlock(&ring->lock);
  return block;
}

void ring_abandon(struct ring *ring) {
  pthread_mutex_lock(&ring->lock);
  ring->abandoned = true;
  pthread_cond_signal(&ring->changed);
  pthread_mutex_unlock(&ring->lock);
}
