/* A bounded queue of blocks between the thread that inflates and the thread that writes. */
#ifndef BERTH_RING_H
#define BERTH_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define RING_BLOCK_SIZE (256 * 1024)
#define RING_BLOCKS 8

struct ring_block {
  size_t length;
  unsigned char bytes[RING_BLOCK_SIZE];
};

struct ring {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct ring_block *blocks;
  unsigned first;  /* the oldest filled block */
  unsigned filled; /* how many are filled, with the one that the reader holds */
  bool reader_holds;
  bool finished;  /* the writer is done */
  bool abandoned; /* the reader wants no more */
};

int ring_init(struct ring *ring);
void ring_destroy(struct ring *ring);

/* Writer: waits for a free block; NULL when the reader is gone. Fill it and commit it. */
struct ring_block *ring_reserve(struct ring *ring);
void ring_commit(struct ring *ring);
void ring_finish(struct ring *ring);

/* Reader: gives back the block it holds and waits for the next; NULL at the end. */
const struct ring_block *ring_next(struct ring *ring);
void ring_abandon(struct ring *ring);

#endif
