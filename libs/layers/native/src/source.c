#include "source.h"

#include "report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define REPORT_INTERVAL_MS 100

static void report_sometimes(struct source *source) {
  struct timespec now;
  int64_t passed_ms;

  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return;
  passed_ms = (now.tv_sec - source->reported.tv_sec) * 1000 + (now.tv_nsec - source->reported.tv_nsec) / 1000000;
  if (passed_ms < REPORT_INTERVAL_MS) return;
  source->reported = now;
  report_progress(source->read_bytes);
}

/* Fills the buffer, as far as there is input. */
static ssize_t read_available(int fd, unsigned char *bytes, size_t size) {
  size_t used = 0;

  while (used < size) {
    ssize_t got = read(fd, bytes + used, size - used);

    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    used += (size_t)got;
  }
  return (ssize_t)used;
}

/* The end of a file that grows is no end before it is whole. */
static ssize_t read_input(struct source *source) {
  for (;;) {
    uint64_t left = source->length - source->read_bytes;
    size_t size = left < SOURCE_INPUT_SIZE ? (size_t)left : SOURCE_INPUT_SIZE;
    ssize_t got = read_available(source->fd, source->input, size);

    if (got < 0) return fail_errno(&source->error, "read", "cannot read the layer");
    if (got > 0 || source->read_bytes >= source->growth.size) return got;
    got = growth_wait(&source->growth, source->fd, source->read_bytes, &source->error);
    if (got <= 0) return got;
  }
}

int source_read(struct source *source) {
  ssize_t got;

  if (source->input_length >= SOURCE_HISTORY)
    memcpy(source->storage, source->input + source->input_length - SOURCE_HISTORY, SOURCE_HISTORY);
  source->input = source->storage + SOURCE_HISTORY;
  source->input_length = 0;
  got = read_input(source);
  if (got < 0) return -1;
  source->input_length = (size_t)got;
  source->read_bytes += (uint64_t)got;
  report_sometimes(source);
  return got > 0;
}

static void commit_block(struct source *source) {
  if (!source->block || source->block->length == 0) return;
  digest_update(source->digest, source->block->bytes, source->block->length);
  ring_commit(source->ring);
  source->block = NULL;
}

unsigned char *source_room(struct source *source, size_t *size) {
  if (source->written_bytes > source->max_bytes) {
    fail(&source->error, FAILURE_LIMIT, "inflate", "the layer is larger than %llu bytes", (unsigned long long)source->max_bytes);
    return NULL;
  }
  if (source->block && source->block->length == RING_BLOCK_SIZE) commit_block(source);
  if (!source->block) {
    source->block = ring_reserve(source->ring);
    if (!source->block) {
      source->stopped = true;
      return NULL;
    }
    source->block->length = 0;
  }
  *size = RING_BLOCK_SIZE - source->block->length;
  return source->block->bytes + source->block->length;
}

void source_produced(struct source *source, size_t length) {
  source->block->length += length;
  source->written_bytes += length;
}

static int copy_plain(struct source *source) {
  int more = source->input_length > 0;

  while (more > 0) {
    size_t done = 0;

    while (done < source->input_length) {
      size_t size = 0;
      unsigned char *room = source_room(source, &size);
      size_t length = source->input_length - done;

      if (!room) return -1;
      if (length > size) length = size;
      memcpy(room, source->input + done, length);
      source_produced(source, length);
      done += length;
    }
    more = source_read(source);
  }
  return more;
}

static enum compression detect(const unsigned char *bytes, size_t length) {
  static const unsigned char gzip[] = {0x1f, 0x8b};
  static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

  if (length >= sizeof(gzip) && memcmp(bytes, gzip, sizeof(gzip)) == 0) return COMPRESSION_GZIP;
  if (length >= sizeof(zstd) && memcmp(bytes, zstd, sizeof(zstd)) == 0) return COMPRESSION_ZSTD;
  /* A skippable frame, as zstd:chunked may begin with: 0x184D2A5? in little endian. */
  if (length >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18)
    return COMPRESSION_ZSTD;
  return COMPRESSION_NONE;
}

static int decode(struct source *source) {
  if (source_read(source) < 0) return -1;
  if (source->compression == COMPRESSION_AUTO) source->compression = detect(source->input, source->input_length);
  switch (source->compression) {
    case COMPRESSION_GZIP:
      return decode_gzip(source);
    case COMPRESSION_ZSTD:
      return decode_zstd(source);
    case COMPRESSION_AUTO:
    case COMPRESSION_NONE:
    default:
      return copy_plain(source);
  }
}

void *source_run(void *argument) {
  struct source *source = argument;

  source->failed = decode(source) < 0;
  if (!source->failed) commit_block(source);
  ring_finish(source->ring);
  return NULL;
}
