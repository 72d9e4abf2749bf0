#include "outbox.h"

#include <string.h>

#include "tap.h"

static struct iovec part(const char *text) { return (struct iovec){.iov_base = (void *)text, .iov_len = strlen(text)}; }

static bool holds(const struct outbox *outbox, const char *text) {
  return outbox->size == strlen(text) &&
         (outbox->size == 0 || memcmp(outbox->base + outbox->start, text, outbox->size) == 0);
}

int main(void) {
  struct outbox outbox = {.capacity = 8};
  const struct iovec parts[] = {part("abc"), part("def")};
  check(outbox_append(&outbox, parts, 2, 2) && holds(&outbox, "cdef"), "what was sent at once is skipped");
  check(outbox_append(&outbox, parts, 2, 6) && holds(&outbox, "cdef"), "when all was sent, nothing is kept");
  check(!outbox_append(&outbox, parts, 2, 0) && holds(&outbox, "cdef"), "what does not fit is refused whole");
  outbox_consume(&outbox, 3);
  check(outbox_append(&outbox, parts, 2, 0) && holds(&outbox, "fabcdef"),
        "room that was freed at the front is used again");
  outbox_consume(&outbox, 7);
  check(holds(&outbox, "") && outbox.base == NULL, "an empty one holds no memory");
  check(outbox_append(&outbox, parts, 1, 0) && holds(&outbox, "abc"), "and can be filled again");
  outbox_free(&outbox);
  return done();
}
