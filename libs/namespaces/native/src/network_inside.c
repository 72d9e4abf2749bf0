#include "network_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "ipv6_settings.h"
#include "link.h"

enum { PATH_SIZE = 256 };

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int network_inside_open(int netns_fd, enum network_births births, struct failure *failure) {
  cleanup_close int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home < 0) return fail(failure, "network", errno, "open the network namespace of the keeper");
  if (setns(netns_fd, CLONE_NEWNET) < 0) return fail(failure, "setns", errno, "enter the network namespace");
  cleanup_close int fd = link_open(failure);
  const bool ipv6 = births == NETWORK_BIRTHS_WITH_IPV6;
  if (fd >= 0 && births != NETWORK_BIRTHS_NONE && ipv6_settings_for_new(ipv6, failure) < 0) close_fd(&fd);
  if (setns(home, CLONE_NEWNET) < 0) return fail(failure, "setns", errno, "come back from the network namespace");
  return take_fd(&fd);
}

/* What is seen below /proc/sys/net belongs to the namespace that the thread is in. */
static int write_value(const Berth__Native__V1__FileValue *value, struct failure *failure) {
  char path[PATH_SIZE];
  const size_t size = strlen(value->value);
  if (strncmp(value->path, "net/", 4) != 0 || strstr(value->path, "..") ||
      (size_t)snprintf(path, sizeof path, "/proc/sys/%s", value->path) >= sizeof path)
    return fail(failure, "sysctl", EINVAL, "bad path %.128s", value->path);
  cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, value->value, size) == (ssize_t)size) return 0;
  return fail(failure, "sysctl", errno, "write \"%.64s\" to %.128s", value->value, value->path);
}

int network_inside_write(int netns_fd, size_t count, Berth__Native__V1__FileValue *const *values, struct failure *failure) {
  cleanup_close int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  int result = 0;
  if (home < 0) return fail(failure, "network", errno, "open the network namespace of the keeper");
  if (setns(netns_fd, CLONE_NEWNET) < 0) return fail(failure, "setns", errno, "enter the network namespace");
  for (size_t i = 0; i < count && result == 0; i++) result = write_value(values[i], failure);
  if (setns(home, CLONE_NEWNET) < 0) return fail(failure, "setns", errno, "come back from the network namespace");
  return result;
}

int network_inside_cookie(int netns_fd, uint64_t *cookie, struct failure *failure) {
  socklen_t size = sizeof *cookie;
  cleanup_close int inside = network_inside_open(netns_fd, NETWORK_BIRTHS_NONE, failure);
  if (inside < 0) return -1;
  if (getsockopt(inside, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size) == 0) return 0;
  return fail(failure, "network", errno, "ask for the cookie of the network namespace");
}
