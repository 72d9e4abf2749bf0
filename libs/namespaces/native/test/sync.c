/* The conversation between a keeper and its child. */
#include "sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

int main(void) {
  int pair[2];
  int fd = -1;
  struct sync_message message = {.kind = SYNC_FAILURE};
  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a keeper and a child are connected");
  (void)fail(&message.failure, "mount", ENOENT, "why");
  check(sync_send(pair[1], &message, -1) == 0 && sync_go(pair[0]) == 0, "a child that fails is told to go on");
  (void)close(pair[1]);
  memset(&message, 0, sizeof message);
  check(sync_receive(pair[0], &message, &fd) == 1 && message.failure.error == ENOENT,
        "its failure is heard, though it ended without having listened");
  check(sync_receive(pair[0], &message, &fd) == 0, "then comes the end");
  check(sync_go(pair[0]) < 0 && errno == EPIPE, "and whoever speaks on hears that nobody is there");

  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "another two are connected");
  check(sync_hand_over(pair[0], 0) == 0, "the keeper hands a descriptor over");
  fd = sync_take_over(pair[1]);
  check(fd >= 0, "the child takes it");
  (void)close(fd);
  check(sync_hand_over(pair[0], 0) == 0, "one is handed over that nobody takes");
  (void)close(pair[1]);
  check(sync_hand_over(pair[0], 0) < 0 && errno == EPIPE, "the next tells that nobody is there");
  (void)close(pair[0]);
  return done();
}
