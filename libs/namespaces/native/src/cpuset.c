#include "cpuset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"

#define TEXT_MAX 4096

static int inherit_file(int directory, int above, const char *file) {
  char text[TEXT_MAX];
  if (read_text_at(directory, file, text, sizeof text) < 0) return -1;
  if (strspn(text, "\n") != strlen(text)) return 0;
  if (read_text_at(above, file, text, sizeof text) < 0) return -1;
  return write_text_at(directory, file, text);
}

int cpuset_inherit(int directory) {
  if (faccessat(directory, "cpuset.mems", F_OK, 0) < 0) return errno == ENOENT ? 0 : -1;
  cleanup_close int above = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* Above the root of the hierarchy is no cpuset. */
  if (above < 0) return -1;
  if (faccessat(above, "cpuset.mems", F_OK, 0) < 0) return errno == ENOENT ? 0 : -1;
  if (cpuset_inherit(above) < 0) return -1;
  return inherit_file(directory, above, "cpuset.cpus") < 0 ? -1 : inherit_file(directory, above, "cpuset.mems");
}
