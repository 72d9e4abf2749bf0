#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "record.h"

#define ATTEMPTS 1500
#define PAUSE_MS 2

/* A lock of the open file description: it is free as soon as the keeper is gone, however that happens. */
static bool try_lock(int fd) {
  const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool has_exited(int state_dir) {
  struct record record;
  struct failure failure;
  return record_read(state_dir, &record, &failure) == 0 && record.phase == RECORD_EXITED;
}

/* Whoever gives up a state directory removes the lock that it holds: what is locked then is no longer the directory's lock. */
static bool is_removed(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

int lock_take(int state_dir, bool create, struct failure *failure) {
  int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0);
  cleanup_close int fd = openat(state_dir, "lock", flags, 0600);
  if (fd < 0) return fail(failure, "state", errno, "open the lock");
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (try_lock(fd)) {
      if (!is_removed(fd)) return take_fd(&fd);
      close_fd(&fd);
      fd = openat(state_dir, "lock", flags, 0600);
      if (fd < 0) return fail(failure, "state", errno, "open the lock");
      continue;
    }
    if (!has_exited(state_dir)) break;
    (void)poll(NULL, 0, PAUSE_MS);
  }
  return fail(failure, "state", EBUSY, "a keeper lives in this state directory");
}
