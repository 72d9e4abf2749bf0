#include "network_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "ipv6_settings.h"
#include "link.h"

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

int network_inside_cookie(int netns_fd, uint64_t *cookie, struct failure *failure) {
  socklen_t size = sizeof *cookie;
  cleanup_close int inside = network_inside_open(netns_fd, NETWORK_BIRTHS_NONE, failure);
  if (inside < 0) return -1;
  if (getsockopt(inside, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size) == 0) return 0;
  return fail(failure, "network", errno, "ask for the cookie of the network namespace");
}
