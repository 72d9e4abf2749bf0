#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

ssize_t read_full(int fd, void *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(fd, (char *)data + done, size - done);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    done += (size_t)got;
  }
  return (ssize_t)done;
}

int write_full(int fd, const void *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t written = write(fd, (const char *)data + done, size - done);
    if (written < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    done += (size_t)written;
  }
  return 0;
}

ssize_t read_text_at(int directory, const char *path, char *text, size_t size) {
  cleanup_close int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  ssize_t length = read_full(fd, text, size);
  if (length < 0) return -1;
  if ((size_t)length == size) {
    errno = E2BIG;
    return -1;
  }
  text[length] = '\0';
  return length;
}

int write_text_at(int directory, const char *path, const char *value) {
  cleanup_close int fd = openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  size_t length = strlen(value);
  ssize_t written = write(fd, value, length);
  if (written < 0) return -1;
  if ((size_t)written != length) {
    errno = EIO;
    return -1;
  }
  return 0;
}

int set_nonblocking(int fd, bool nonblocking) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -1;
  int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted == flags ? 0 : fcntl(fd, F_SETFL, wanted);
}
