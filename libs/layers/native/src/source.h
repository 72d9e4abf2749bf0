/* The first half of the pipeline, a thread: reads the blob, inflates it, hashes what comes out, and fills the ring. */
#ifndef BERTH_SOURCE_H
#define BERTH_SOURCE_H

#include "digest.h"
#include "error.h"
#include "growth.h"
#include "ring.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum compression { COMPRESSION_AUTO, COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

#define SOURCE_INPUT_SIZE (256 * 1024)
/* igzip may step back over up to 8 bytes that it had read ahead, also when they came with the block before. */
#define SOURCE_HISTORY 16

struct source {
  int fd;                       /* borrowed */
  uint64_t length;              /* how much of the file is read at most */
  struct growth growth;         /* of the file, when it is not whole yet */
  enum compression compression; /* AUTO becomes what was found */
  uint64_t max_bytes;           /* most bytes that may come out */
  struct digest *digest;        /* borrowed */
  struct ring *ring;            /* borrowed */

  struct ring_block *block; /* being filled, or NULL */
  uint64_t read_bytes;
  uint64_t written_bytes;
  struct timespec reported;
  bool failed;  /* read it after the thread was joined */
  bool stopped; /* the reader wanted no more */
  struct layer_error error;
  unsigned char *input;
  size_t input_length;
  unsigned char storage[SOURCE_HISTORY + SOURCE_INPUT_SIZE];
};

/* Thread body; `argument` is the struct source. Always finishes the ring. */
void *source_run(void *argument);

/* For the decoders: refills `input`; 0 at the end, -1 on error. */
int source_read(struct source *source);
/* For the decoders: room for output, at least one byte; NULL when the thread shall stop (a limit, or the reader is gone). */
unsigned char *source_room(struct source *source, size_t *size);
/* For the decoders: `length` bytes of the room were filled. */
void source_produced(struct source *source, size_t length);

int decode_gzip(struct source *source);
int decode_zstd(struct source *source);

#endif
