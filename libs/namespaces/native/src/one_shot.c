#include "one_shot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "complain.h"
#include "io.h"
#include "session.h"
#include "wire.h"

#define EXIT_FAILED 125

static int send_file(const char *path, int connection) {
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0) return complain_errno("cannot open %s", path);
  if (stat.st_size > FRAME_SIZE_MAX) return complain("%s is too large", path);
  size_t size = (size_t)stat.st_size;
  cleanup_free uint8_t *data = malloc(size + FRAME_HEADER_SIZE);
  if (data == NULL || read_full(fd, data + FRAME_HEADER_SIZE, size) != (ssize_t)size)
    return complain_errno("cannot read %s", path);
  frame_encode(data, FRAME_REQUEST, size);
  return write_full(connection, data, size + FRAME_HEADER_SIZE) < 0 ? complain_errno("cannot send the request") : 0;
}

/* Returns the exit status when the conversation is over with this reply, else -1. */
static int handle_reply(const uint8_t *payload, size_t size) {
  reply_message *reply = berth__native__v1__reply__unpack(NULL, size, payload);
  if (reply == NULL) return complain("cannot read the reply"), EXIT_FAILED;
  int status = 0;
  if (reply->reply_case == BERTH__NATIVE__V1__REPLY__REPLY_FAILURE) {
    status = EXIT_FAILED;
    (void)complain("%s: %s: %s", reply->failure->step, reply->failure->detail,
                   strerror((int)reply->failure->error_number));
  } else if (reply->reply_case == BERTH__NATIVE__V1__REPLY__REPLY_STARTED) {
    status = -1;
  }
  berth__native__v1__reply__free_unpacked(reply, NULL);
  return status;
}

static int handle_frame(const struct frame_header *header, const uint8_t *payload) {
  Berth__Native__V1__Exited *exited;
  int status = -1;
  switch (header->type) {
    case FRAME_REPLY:
      return handle_reply(payload, header->size);
    case FRAME_STDOUT:
    case FRAME_STDERR:
      (void)write_full(header->type == FRAME_STDOUT ? STDOUT_FILENO : STDERR_FILENO, payload, header->size);
      return -1;
    case FRAME_EXITED:
      exited = berth__native__v1__exited__unpack(NULL, header->size, payload);
      if (exited != NULL) status = (int)exited->exit_code;
      if (exited != NULL) berth__native__v1__exited__free_unpacked(exited, NULL);
      return status;
    default:
      return -1;
  }
}

static int follow(int connection) {
  for (;;) {
    uint8_t bytes[FRAME_HEADER_SIZE];
    struct frame_header header;
    if (read_full(connection, bytes, sizeof bytes) != (ssize_t)sizeof bytes || !frame_decode(bytes, &header)) {
      return complain("the keeper has gone"), EXIT_FAILED;
    }
    cleanup_free uint8_t *payload = malloc((size_t)header.size + 1);
    if (payload == NULL || read_full(connection, payload, header.size) != (ssize_t)header.size) {
      return complain("the keeper has gone"), EXIT_FAILED;
    }
    int status = handle_frame(&header, payload);
    if (status >= 0) return status;
  }
}

int one_shot_run(const char *path, struct host *host) {
  int pair[2];
  host->spawner_pid = getpid();
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    return complain_errno("cannot make a socket pair"), EXIT_FAILED;
  }
  cleanup_close int client = pair[0];
  pid_t pid = fork();
  if (pid < 0) return complain_errno("cannot fork"), EXIT_FAILED;
  if (pid == 0) {
    close_fd(&client);
    (void)setsid();
    session_serve_trusted(pair[1], host);
    _exit(0);
  }
  (void)close(pair[1]);
  return send_file(path, client) < 0 ? EXIT_FAILED : follow(client);
}
