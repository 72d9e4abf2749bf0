#include "directory_times.h"
#include "cleanup.h"
#include "tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct layer_root root;
static struct directory_times times;
static struct layer_error error;

static struct entry_path path_of(const char *text) {
  struct entry_path path = {.length = strlen(text)};

  memcpy(path.text, text, path.length);
  return path;
}

static int note(const char *text, struct timespec mtime) {
  struct entry_path path = path_of(text);
  int fd = root_directory(&root, path.text, path.length, true, &error);

  return fd < 0 ? -1 : directory_times_add(&times, &path, fd, mtime, &error);
}

static bool has_time(const char *text, struct timespec mtime) {
  struct stat status;

  return fstatat(root.fd, text, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mtim.tv_sec == mtime.tv_sec &&
         status.st_mtim.tv_nsec == mtime.tv_nsec;
}

/* Notes one directory under as many names as there is room for; returns their number. */
static unsigned fill(size_t length) {
  struct entry_path path = {.length = length};
  unsigned count = 0;

  memset(path.text, 'x', length);
  for (; count < 10000000; count++) {
    snprintf(path.text, 9, "%08x", count * 2654435761U);
    path.text[8] = 'x';
    if (directory_times_add(&times, &path, root.fd, (struct timespec){.tv_sec = 7}, &error) < 0) break;
  }
  return count;
}

int main(void) {
  static const struct timespec early = {.tv_sec = -5, .tv_nsec = 1}, late = {.tv_sec = 1700000000, .tv_nsec = 999999999};
  char directory[] = "/tmp/berth-XXXXXX";
  char command[64];

  if (!mkdtemp(directory)) return 1;
  root_init(&root, open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  check(note("a/b", late) == 0 && note("a/bc", early) == 0 && note("a", late) == 0 && note("d", early) == 0, "times are noted");
  check(note("a/b", early) == 0, "also twice for one directory");
  check(unlinkat(root.fd, "d", AT_REMOVEDIR) == 0 && mkdirat(root.fd, "e", 0700) == 0 && mkdirat(root.fd, "d", 0700) == 0,
        "a directory is replaced");
  check(directory_times_apply(&times, &root, &error) == 0, "all are set");
  check(has_time("a/bc", early) && has_time("a", late), "each on its directory, to the nanosecond");
  check(has_time("a/b", early), "of two for one directory the later one");
  check(!has_time("d", early), "none on what has taken a directory's place");
  directory_times_destroy(&times);

  check(fill(20) > 1000000 && error.kind == FAILURE_LIMIT, "a million directories have room, and there is a limit");
  check(times.capacity <= DIRECTORY_TIMES_MAX_BYTES, "which is that of the memory");
  directory_times_destroy(&times);
  check(fill(ENTRY_PATH_MAX) < 20000 && error.kind == FAILURE_LIMIT, "long names come to the limit sooner");
  directory_times_destroy(&times);

  root_destroy(&root);
  snprintf(command, sizeof(command), "rm -rf %s", directory);
  check(system(command) == 0, "nothing stays");
  return done();
}
