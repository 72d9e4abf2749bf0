/* Whole messages on a blocking connection: what comes before a keeper's event loop. */
#ifndef BERTH_WIRE_H
#define BERTH_WIRE_H

#include "arena.h"
#include "failure.h"
#include "frame.h"
#include "plan.h"

#define REQUEST_ARENA_SIZE (64U << 20)

/* Reads one request into the arena. Returns it, or NULL with a failure of step "plan". */
request_message *wire_receive_request(int connection, struct arena *arena, struct failure *failure);

/* Unpacks a request that lies in memory. Returns it, or NULL with a failure of step "plan". */
request_message *wire_unpack_request(const uint8_t *data, size_t size, struct arena *arena, struct failure *failure);

/* Reads a reply on a blocking connection that is to be Done. Returns 0, or -1 with the failure that it tells, or one of step "setns" and ESRCH when
 * the other side has ended. */
int wire_receive_done(int connection, struct failure *failure);

/* Sends a frame. Returns 0, or -1 with errno. */
int wire_send(int connection, enum frame_type type, const void *payload, size_t size);

/* Sends a reply. Returns 0, or -1 with errno. */
int wire_send_reply(int connection, const reply_message *reply);

/* Sends the reply that tells a failure. */
void wire_send_failure(int connection, const struct failure *failure);

/* Sends Done, to a client of a keeper with its number, to others with 0. Returns 0, or -1 with errno. */
int wire_send_done(int connection, uint32_t client);

#endif
