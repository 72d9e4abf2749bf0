/* Feeds a client's byte stream to the reader in pieces, and gives stdin back now and then. */
#include "../src/frame.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct frame_reader reader = {0};
  size_t at = 0;
  while (at < size) {
    size_t length = data[at] % 32U;
    at++;
    if (length > size - at) length = size - at;
    struct frame_piece input = {.data = data + at, .size = length};
    at += length;
    for (unsigned round = 0;; round++) {
      struct frame_piece piece = {0};
      enum frame_event event = frame_read(&reader, &input, &piece);
      if (event == FRAME_EVENT_BAD) return 0;
      if (event == FRAME_EVENT_NONE) break;
      if (event == FRAME_EVENT_STDIN && piece.size > 1 && round == 0) frame_unread(&reader, &input, piece.size / 2);
    }
  }
  return 0;
}
