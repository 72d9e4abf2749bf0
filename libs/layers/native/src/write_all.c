#include "write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *bytes, size_t length, struct layer_error *error) {
  const unsigned char *rest = bytes;

  while (length > 0) {
    ssize_t done = write(fd, rest, length);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno(error, "write", "cannot write the archive");
    rest += done;
    length -= (size_t)done;
  }
  return 0;
}
