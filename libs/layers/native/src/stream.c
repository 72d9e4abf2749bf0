#include "stream.h"

#include "cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_to(const char *path, struct layer_error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (strlen(path) >= sizeof(address.sun_path)) return fail(error, FAILURE_USAGE, "options", "the socket's path is too long");
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
    return fail_errno(error, "open", "cannot connect to \"%.200s\"", path);
  return take_fd(&fd);
}

int stream_open(const struct options *options, struct layer_error *error) {
  int fd;

  if (options->stream) return connect_to(options->stream, error);
  if (!options->output) return fail(error, FAILURE_USAGE, "options", "--output or --stream is needed");
  fd = open(options->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  return fd >= 0 ? fd : fail_errno(error, "open", "cannot create \"%.200s\"", options->output);
}
