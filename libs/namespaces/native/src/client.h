/* One connection to a keeper. */
#ifndef BERTH_CLIENT_H
#define BERTH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "frame.h"
#include "outbox.h"

/* A client that came through control.sock is sent no more output when it is this far behind. */
#define CLIENT_BEHIND_MAX (256U << 10)
/* The starting client is the user's own terminal: when it is this far behind, the container's output is left in the
 * pipes, */
#define FIRST_CLIENT_PAUSE_AT (4U << 20)
/* and there is room for what the pipes still hold when the process ends. */
#define FIRST_CLIENT_BEHIND_MAX (8U << 20)
/* Is left free for what is no output: where it stopped, and the exit. */
#define CLIENT_RESERVE 256U
/* A client that takes no byte for this long is waited for no longer. */
#define CLIENT_STALL_NANOS (10 * NANOS_PER_SECOND)

/* Whoever comes later has a number of its own. */
#define FIRST_CLIENT_NUMBER 1U

struct client {
  int fd; /* -1: the slot is free */
  uint32_t number;
  bool attached;
  bool wants_output;
  bool stopped; /* is sent no output, and knows from where on it is in the log */
  bool sent_input; /* has sent stdin or its end: stdin_once looks at it */
  bool is_first;
  bool closing; /* is sent nothing more, and not read any more but for its hanging up */
  struct frame_reader reader;
  uint8_t *held; /* what was read while stdin was full, owned */
  size_t held_size;
  struct outbox outbox;
  uint64_t progress_nanos; /* when it connected, or its socket last took bytes, or its end began */
};

void client_open(struct client *client, int fd, bool is_first);
void client_close(struct client *client);

/* Sends a frame, as much as the socket takes at once, and keeps the rest. False: the client must be closed. */
bool client_send(struct client *client, enum frame_type type, const void *payload, size_t size);

/*
 * Ends what is sent, now or when the outbox is empty: the client is to hang up. Who still writes to a connection that is closed finds it broken
 * before it has read what was sent.
 */
void client_end(struct client *client);

/* Tells whether output of this size may be sent. */
bool client_has_room(const struct client *client, size_t size);

/* Sends from the outbox what the socket takes. False: the client must be closed. */
bool client_flush(struct client *client);

/* Tells whether the container's output is to wait for this client. */
bool client_pauses_output(const struct client *client);

/* Keeps a copy of input for later. False when there is no memory. */
bool client_hold(struct client *client, struct frame_piece input);

#endif
