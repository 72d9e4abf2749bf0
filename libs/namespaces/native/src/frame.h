/* Frames on a stream socket: u32 little-endian payload size | u8 type | three zero bytes | payload. See native.proto.
 */
#ifndef BERTH_FRAME_H
#define BERTH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_SIZE 8
#define FRAME_SIZE_MAX (8U << 20)
/* The largest payload of a frame that a keeper takes, apart from stdin: Attach, Resize, Signal and Follow are a few bytes. */
#define FRAME_CONTROL_MAX 64

enum frame_type {
  FRAME_REQUEST = 1,
  FRAME_REPLY = 2,
  FRAME_STDIN = 16,
  FRAME_STDIN_END = 17,
  FRAME_RESIZE = 18,
  FRAME_SIGNAL = 19,
  FRAME_FOLLOW = 20,
  FRAME_STDOUT = 32,
  FRAME_STDERR = 33,
  FRAME_EXITED = 34,
  FRAME_LOG_POSITION = 35,
};

struct frame_header {
  uint32_t size;
  uint8_t type;
};

void frame_encode(uint8_t bytes[FRAME_HEADER_SIZE], enum frame_type type, size_t size);

/* Returns false for a payload that is too large or padding that is not zero. */
bool frame_decode(const uint8_t bytes[FRAME_HEADER_SIZE], struct frame_header *header);

/* Cuts a client's byte stream into events, whatever the pieces it comes in. */
struct frame_reader {
  uint8_t header_bytes[FRAME_HEADER_SIZE];
  uint8_t header_size;
  struct frame_header header;
  uint32_t left; /* payload bytes still to come */
  uint8_t payload[FRAME_CONTROL_MAX];
  uint32_t payload_size;
};

enum frame_event {
  FRAME_EVENT_NONE,    /* everything was consumed */
  FRAME_EVENT_STDIN,   /* bytes for stdin: a part of a frame's payload */
  FRAME_EVENT_CONTROL, /* reader->header.type, reader->payload, reader->payload_size: a whole frame */
  FRAME_EVENT_BAD,     /* the stream is broken, close it */
};

struct frame_piece {
  const uint8_t *data;
  size_t size;
};

/* Takes bytes from the front of `input` up to the next event; `stdin_piece` is set with FRAME_EVENT_STDIN, and points
 * into it. */
enum frame_event frame_read(struct frame_reader *reader, struct frame_piece *input, struct frame_piece *stdin_piece);

/* Puts the last `size` bytes of the piece that frame_read has just given back to the front of `input`. */
void frame_unread(struct frame_reader *reader, struct frame_piece *input, size_t size);

#endif
