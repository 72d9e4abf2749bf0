#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "syscalls.h"

#define SEAL_ATTEMPTS 100

static const int SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

static int make_memory_file(void) {
  int fd = memfd_create("berth-ns", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  /* MFD_EXEC came with Linux 6.3; before, it is what one gets. */
  if (fd < 0 && errno == EINVAL) fd = memfd_create("berth-ns", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

static int copy_whole(int from, int to) {
  struct stat stat;
  if (fstat(from, &stat) < 0) return -1;
  for (off_t left = stat.st_size; left > 0;) {
    ssize_t sent = sendfile(to, from, NULL, (size_t)left);
    if (sent < 0) return -1;
    if (sent == 0) {
      errno = EIO;
      return -1;
    }
    left -= sent;
  }
  return 0;
}

/* While the kernel looks at a page for reasons of its own, such as to move it, it takes it for one that somebody may write to. */
static int seal(int fd) {
  static const struct timespec pause = {.tv_nsec = 20000000};
  for (int attempt = 0; fcntl(fd, F_ADD_SEALS, SEALS) < 0; attempt++) {
    if (errno != EBUSY || attempt == SEAL_ATTEMPTS) return -1;
    (void)nanosleep(&pause, NULL);
  }
  return 0;
}

int sealed_ensure(char *const *arguments, char *const *environment) {
  cleanup_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) return -1;
  int seals = fcntl(self, F_GET_SEALS);
  if (seals >= 0 && (seals & SEALS) == SEALS) return 0;
  cleanup_close int copy = make_memory_file();
  if (copy < 0 || copy_whole(self, copy) < 0 || seal(copy) < 0) return -1;
  (void)syscall(SYS_execveat, copy, "", arguments, environment, AT_EMPTY_PATH);
  return -1;
}
