#include "spare_network.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "cleanup.h"

static int open_own(void) { return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

void spare_network_make(struct spare_network *spare) {
  spare->home = open_own();
  if (spare->home < 0) return;
  if (unshare(CLONE_NEWNET) == 0) {
    spare->fd = open_own();
    if (spare_network_leave(spare) < 0) _exit(1);
  }
  if (spare->fd < 0) spare_network_discard(spare);
}

int spare_network_enter(const struct spare_network *spare) { return setns(spare->fd, CLONE_NEWNET); }

int spare_network_leave(const struct spare_network *spare) { return setns(spare->home, CLONE_NEWNET); }

void spare_network_discard(struct spare_network *spare) {
  close_fd(&spare->fd);
  close_fd(&spare->home);
}
