#include "frame.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* What came out of a reader, as text: S<bytes> for stdin, C<type>:<payload> for a control frame, B for a broken stream.
 */
struct trace {
  char text[4096];
  size_t size;
};

static void note(struct trace *trace, const char *prefix, const uint8_t *data, size_t size) {
  trace->size += (size_t)snprintf(trace->text + trace->size, sizeof trace->text - trace->size, "%s%.*s|", prefix,
                                  (int)size, (const char *)data);
}

static bool feed(struct frame_reader *reader, struct trace *trace, const uint8_t *data, size_t size) {
  struct frame_piece input = {.data = data, .size = size};
  for (;;) {
    struct frame_piece piece = {0};
    char prefix[16];
    switch (frame_read(reader, &input, &piece)) {
      case FRAME_EVENT_NONE:
        return true;
      case FRAME_EVENT_STDIN:
        note(trace, "S", piece.data, piece.size);
        break;
      case FRAME_EVENT_CONTROL:
        (void)snprintf(prefix, sizeof prefix, "C%u:", reader->header.type);
        note(trace, prefix, reader->payload, reader->payload_size);
        break;
      case FRAME_EVENT_BAD:
        note(trace, "B", NULL, 0);
        return false;
    }
  }
}

static size_t put(uint8_t *stream, size_t at, enum frame_type type, const char *payload) {
  frame_encode(stream + at, type, strlen(payload));
  memcpy(stream + at + FRAME_HEADER_SIZE, payload, strlen(payload));
  return at + FRAME_HEADER_SIZE + strlen(payload);
}

static void test_header(void) {
  uint8_t bytes[FRAME_HEADER_SIZE];
  struct frame_header header;
  frame_encode(bytes, FRAME_STDOUT, 0x012345);
  check(memcmp(bytes, "\x45\x23\x01\x00\x20\x00\x00\x00", 8) == 0, "a header is little-endian and padded with zeros");
  check(frame_decode(bytes, &header) && header.size == 0x012345 && header.type == FRAME_STDOUT,
        "a header is read as it was written");
  bytes[6] = 1;
  check(!frame_decode(bytes, &header), "padding that is not zero is refused");
  frame_encode(bytes, FRAME_STDOUT, FRAME_SIZE_MAX + 1);
  check(!frame_decode(bytes, &header), "a size beyond the limit is refused");
}

static void test_whole(void) {
  uint8_t stream[256];
  size_t size = put(stream, 0, FRAME_STDIN, "abc");
  size = put(stream, size, FRAME_STDIN, "");
  size = put(stream, size, FRAME_RESIZE, "xy");
  size = put(stream, size, FRAME_STDIN_END, "");
  struct frame_reader reader = {0};
  struct trace trace = {0};
  check(feed(&reader, &trace, stream, size), "a stream of good frames is taken");
  check(strcmp(trace.text, "Sabc|C18:xy|C17:|") == 0, "frames in one chunk are taken apart");
}

static void test_bytewise(void) {
  uint8_t stream[256];
  size_t size = put(stream, 0, FRAME_SIGNAL, "sig");
  size = put(stream, size, FRAME_STDIN, "ab");
  struct frame_reader reader = {0};
  struct trace trace = {0};
  for (size_t i = 0; i < size; i++) (void)feed(&reader, &trace, stream + i, 1);
  check(strcmp(trace.text, "C19:sig|Sa|Sb|") == 0,
        "frames that come byte by byte are put together, stdin is passed on at once");
}

static void test_unread(void) {
  uint8_t stream[256];
  size_t size = put(stream, 0, FRAME_STDIN, "abcdef");
  size = put(stream, size, FRAME_RESIZE, "r");
  struct frame_reader reader = {0};
  struct frame_piece input = {.data = stream, .size = size};
  struct frame_piece piece;
  struct trace trace = {0};
  check(frame_read(&reader, &input, &piece) == FRAME_EVENT_STDIN && piece.size == 6, "stdin comes as one piece");
  frame_unread(&reader, &input, 4);
  (void)feed(&reader, &trace, input.data, input.size);
  check(strcmp(trace.text, "Scdef|C18:r|") == 0, "what stdin did not take comes again");
}

static void test_bad(void) {
  const enum frame_type types[] = {FRAME_REPLY, FRAME_STDOUT, FRAME_EXITED, 0, 99};
  uint8_t stream[256];
  bool refused = true;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    struct frame_reader reader = {0};
    struct trace trace = {0};
    refused = refused && !feed(&reader, &trace, stream, put(stream, 0, types[i], "x"));
  }
  check(refused, "a frame that no client may send breaks the stream");
  char large[FRAME_CONTROL_MAX + 2];
  memset(large, 'x', sizeof large - 1);
  large[sizeof large - 1] = '\0';
  struct frame_reader reader = {0};
  struct trace trace = {0};
  check(!feed(&reader, &trace, stream, put(stream, 0, FRAME_RESIZE, large)),
        "a control frame that is too large breaks the stream");
}

/* Whatever comes in whatever pieces, nothing is read or written outside: the sanitizers watch. */
static void test_noise(void) {
  srandom(1);
  for (int round = 0; round < 20000; round++) {
    uint8_t noise[64];
    struct frame_reader reader = {0};
    struct trace trace = {0};
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(random() % 4 == 0 ? random() % 40 : 0);
    for (size_t at = 0; at < sizeof noise;) {
      size_t size = (size_t)(random() % 9);
      if (size > sizeof noise - at) size = sizeof noise - at;
      if (!feed(&reader, &trace, noise + at, size)) break;
      at += size;
    }
  }
  check(true, "noise does no harm");
}

int main(void) {
  test_header();
  test_whole();
  test_bytewise();
  test_unread();
  test_bad();
  test_noise();
  return done();
}
