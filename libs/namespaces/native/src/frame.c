#include "frame.h"

#include <string.h>

void frame_encode(uint8_t bytes[FRAME_HEADER_SIZE], enum frame_type type, size_t size) {
  memset(bytes, 0, FRAME_HEADER_SIZE);
  for (unsigned i = 0; i < 4; i++) bytes[i] = (uint8_t)(size >> (8 * i));
  bytes[4] = (uint8_t)type;
}

bool frame_decode(const uint8_t bytes[FRAME_HEADER_SIZE], struct frame_header *header) {
  header->size = 0;
  for (unsigned i = 0; i < 4; i++) header->size |= (uint32_t)bytes[i] << (8 * i);
  header->type = bytes[4];
  return header->size <= FRAME_SIZE_MAX && bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
}

static size_t take(struct frame_piece *input, void *to, size_t wanted) {
  size_t size = wanted < input->size ? wanted : input->size;
  if (size == 0) return 0;
  if (to != NULL) memcpy(to, input->data, size);
  input->data += size;
  input->size -= size;
  return size;
}

static bool is_acceptable(const struct frame_header *header) {
  switch (header->type) {
    case FRAME_STDIN:
      return true;
    case FRAME_STDIN_END:
      return header->size == 0;
    case FRAME_REQUEST:
    case FRAME_RESIZE:
    case FRAME_SIGNAL:
    case FRAME_FOLLOW:
      return header->size <= FRAME_CONTROL_MAX;
    default:
      return false;
  }
}

static bool read_header(struct frame_reader *reader, struct frame_piece *input) {
  reader->header_size = (uint8_t)(reader->header_size + take(input, reader->header_bytes + reader->header_size,
                                                             FRAME_HEADER_SIZE - (size_t)reader->header_size));
  return reader->header_size == FRAME_HEADER_SIZE;
}

static void next_frame(struct frame_reader *reader) { reader->header_size = 0; }

enum frame_event frame_read(struct frame_reader *reader, struct frame_piece *input, struct frame_piece *stdin_piece) {
  while (input->size > 0) {
    if (reader->header_size < FRAME_HEADER_SIZE) {
      if (!read_header(reader, input)) return FRAME_EVENT_NONE;
      if (!frame_decode(reader->header_bytes, &reader->header) || !is_acceptable(&reader->header))
        return FRAME_EVENT_BAD;
      reader->left = reader->header.size;
      reader->payload_size = 0;
      if (reader->header.type == FRAME_STDIN && reader->left == 0) next_frame(reader);
    }
    if (reader->header_size < FRAME_HEADER_SIZE) continue;
    if (reader->header.type == FRAME_STDIN) {
      stdin_piece->data = input->data;
      stdin_piece->size = take(input, NULL, reader->left);
      if (stdin_piece->size == 0) return FRAME_EVENT_NONE;
      reader->left -= (uint32_t)stdin_piece->size;
      if (reader->left == 0) next_frame(reader);
      return FRAME_EVENT_STDIN;
    }
    size_t taken = take(input, reader->payload + reader->payload_size, reader->left);
    reader->payload_size += (uint32_t)taken;
    reader->left -= (uint32_t)taken;
    if (reader->left == 0) {
      next_frame(reader);
      return FRAME_EVENT_CONTROL;
    }
  }
  return FRAME_EVENT_NONE;
}

void frame_unread(struct frame_reader *reader, struct frame_piece *input, size_t size) {
  /* The frame's header is still here, even when its end made room for the next. */
  reader->header_size = FRAME_HEADER_SIZE;
  reader->left += (uint32_t)size;
  input->data -= size;
  input->size += size;
}
