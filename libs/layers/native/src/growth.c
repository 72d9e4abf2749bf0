#include "growth.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS_SIZE 4096
/* How long a change can go unnoticed that comes without an event, as those of some network file systems do. */
#define LOOK_INTERVAL_S 1

int growth_watch(struct growth *growth, int fd, uint64_t size, struct layer_error *error) {
  char path[32];

  growth->size = size;
  growth->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (growth->watch < 0) return fail_errno(error, "watch", "cannot watch the layer");
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  if (inotify_add_watch(growth->watch, path, IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE) < 0)
    return fail_errno(error, "watch", "cannot watch the layer");
  return 0;
}

/* Takes the events that are there; true when one of them says that a writer has closed the file. */
static bool take_events(int watch) {
  _Alignas(struct inotify_event) char bytes[EVENTS_SIZE];
  bool closed = false;
  ssize_t got;

  while ((got = read(watch, bytes, sizeof(bytes))) > 0) {
    for (ssize_t at = 0; at < got;) {
      const struct inotify_event *event = (const struct inotify_event *)(const void *)(bytes + at);

      if (event->mask & IN_CLOSE_WRITE) closed = true;
      at += (ssize_t)(sizeof(*event) + event->len);
    }
  }
  return closed;
}

int growth_wait(const struct growth *growth, int fd, uint64_t have, struct layer_error *error) {
  const struct timespec interval = {.tv_sec = LOOK_INTERVAL_S};
  struct pollfd poll = {.fd = growth->watch, .events = POLLIN};
  struct stat status;

  for (;;) {
    /* In this order: what was written before the close is there by then. */
    bool closed = take_events(growth->watch);

    if (fstat(fd, &status) != 0) return fail_errno(error, "watch", "cannot look at the layer");
    if ((uint64_t)status.st_size > have) return 1;
    if (growth->size == UINT64_MAX && (status.st_mode & S_IWUSR) == 0) return 0;
    if (closed || (uint64_t)status.st_size < have || status.st_nlink == 0)
      return fail(error, FAILURE_INVALID, "watch", "the layer ends after %llu bytes, before it is whole", (unsigned long long)have);
    if (ppoll(&poll, 1, &interval, NULL) < 0 && errno != EINTR) return fail_errno(error, "watch", "cannot wait for the layer");
  }
}
