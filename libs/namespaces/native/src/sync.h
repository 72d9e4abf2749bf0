/*
 * The conversation between a keeper and its child while the child becomes the container's process, over a
 * SOCK_SEQPACKET pair: the child may send TERMINAL, then sends READY just before execve, or FAILURE; the keeper may hand
 * descriptors over, then sends one byte (go) once what it does meanwhile is done. The child's end is close-on-exec: end of file after READY means
 * that execve succeeded, without READY that the child died.
 */
#ifndef BERTH_SYNC_H
#define BERTH_SYNC_H

#include "clock.h"
#include "failure.h"

enum sync_kind { SYNC_TERMINAL = 1, SYNC_READY = 2, SYNC_FAILURE = 3 };

struct sync_message {
  enum sync_kind kind;
  union {
    struct timings timings; /* READY */
    struct failure failure; /* FAILURE */
  };
};

/* Sends a message, with a descriptor unless `fd` is -1. Returns 0, or -1 with errno. */
int sync_send(int sync, const struct sync_message *message, int fd);

/* Receives a message; *fd is the descriptor that came with it, or -1. Returns 1, 0 at the end, or -1 with errno. */
int sync_receive(int sync, struct sync_message *message, int *fd);

/* Between the clone and the go, what the keeper has opened for the child. Each returns 0 or the descriptor, or -1 with
 * errno. */
int sync_hand_over(int sync, int fd);
int sync_take_over(int sync);

/* The keeper's go. Returns 0, or -1 with errno. */
int sync_go(int sync);

/* Waits for the go. Returns 0, or -1 with errno; EOWNERDEAD when the keeper is gone. */
int sync_wait_go(int sync);

#endif
