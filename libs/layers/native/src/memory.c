#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Code and data of the libraries are 4 MiB of it, a pipeline with a zstd window of 8 MiB some 11. */
#define EVERYBODYS (20UL * 1024 * 1024)
/* Room for a window, or for notes, of 32 MiB. */
#define MORE (44UL * 1024 * 1024)

static int turns = -1;
enum state { UNBOUND, HELD, MAY_GROW, HAS_MORE };

/* Of the process: its threads take their turn together. */
static _Atomic enum state state = UNBOUND;

int memory_make_turns(void) {
  return memfd_create("berth-layer-turns", MFD_CLOEXEC);
}

void memory_take_turns(int fd) {
  turns = fd;
}

static int set_limits(rlim_t now, struct layer_error *error) {
#ifndef __SANITIZE_ADDRESS__
  const struct rlimit limits = {.rlim_cur = now, .rlim_max = MORE};

  if (setrlimit(RLIMIT_DATA, &limits) != 0) return fail_errno(error, "memory", "cannot set a resource limit");
#else
  (void)now;
  (void)error;
#endif
  return 0;
}

int memory_bound(bool is_whole, struct layer_error *error) {
  state = is_whole ? MAY_GROW : HELD;
  return set_limits(EVERYBODYS, error);
}

/* A lock of the process goes with it, however it ends. */
static int wait_for_turn(struct layer_error *error) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

  while (turns >= 0 && fcntl(turns, F_SETLKW, &lock) != 0) {
    if (errno != EINTR) return fail_errno(error, "memory", "cannot wait for memory");
  }
  return 0;
}

int memory_have_more(struct layer_error *error) {
  if (state == UNBOUND || state == HAS_MORE) return 0;
  if (state == HELD) return fail(error, FAILURE_INVALID, "memory", "the layer needs more memory than one that is still coming has");
  if (wait_for_turn(error) < 0 || set_limits(MORE, error) < 0) return -1;
  state = HAS_MORE;
  return 0;
}
