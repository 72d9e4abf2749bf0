/* Bytes that a client's socket has not taken yet: grows on demand up to a limit, and is nothing while the client keeps
 * up. */
#ifndef BERTH_OUTBOX_H
#define BERTH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct outbox {
  uint8_t *base; /* mapped while there is something in it */
  size_t capacity;
  size_t start;
  size_t size;
};

/* Appends the parts from byte `skip` on. False, with nothing appended, when they do not fit into `capacity`, or there
 * is no memory. */
bool outbox_append(struct outbox *outbox, const struct iovec *parts, size_t count, size_t skip);

/* Drops bytes that were sent from the front; the memory goes back when it is empty. */
void outbox_consume(struct outbox *outbox, size_t size);

void outbox_free(struct outbox *outbox);

#endif
