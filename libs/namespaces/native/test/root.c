#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "tap.h"

static char base[] = "/tmp/berth-XXXXXX";
static int outside = -1;
static int root = -1;

static bool exists(int directory, const char *path) {
  return faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool makes_directory(const char *path, const char *real) {
  cleanup_close int fd = root_make_directory(root, path);
  struct stat made, found;
  return fd >= 0 && fstat(fd, &made) == 0 && fstatat(root, real, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         made.st_ino == found.st_ino && S_ISDIR(found.st_mode);
}

static bool refuses(const char *path, int error) {
  cleanup_close int fd = root_make_directory(root, path);
  return fd < 0 && errno == error;
}

static void test_plain(void) {
  check(makes_directory("/a/b/c", "a/b/c"), "a directory is made with its parents");
  check(makes_directory("/a/b/c", "a/b/c"), "and found again");
  check(makes_directory("//d/./e/", "d/e"), "empty and dot components do not count");
  check(makes_directory("/", "."), "the root itself is there");
  char deep[PATH_MAX];
  memset(deep, 0, sizeof deep);
  for (size_t i = 0; i + 3 < sizeof deep; i += 2) memcpy(deep + i, "/x", 2);
  cleanup_close int fd = root_make_directory(root, deep);
  check(fd >= 0, "a path as deep as there may be one is made");
  char name[NAME_MAX + 8];
  memset(name, 'n', sizeof name - 1);
  name[0] = '/';
  name[sizeof name - 1] = '\0';
  check(refuses(name, ENAMETOOLONG), "a name that is too long is refused");
}

static void test_links(void) {
  char absolute[64];
  (void)snprintf(absolute, sizeof absolute, "%s/outside", base);
  check(symlinkat("/run", root, "absolute") == 0 && makes_directory("/absolute/lock", "run/lock"),
        "a dangling absolute link counts from the root");
  check(symlinkat("there/far", root, "relative") == 0 && makes_directory("/relative", "there/far"),
        "a dangling relative link counts from its place");
  check(symlinkat("../../../../up", root, "climbing") == 0 && makes_directory("/climbing/x", "up/x"),
        "a link cannot climb out");
  check(symlinkat(absolute, root, "escape") == 0 && root_make_directory(root, "/escape/made") >= 0,
        "a link to a path of the host is taken as one inside");
  check(!exists(outside, "made"), "and nothing is made there");
  check(symlinkat("loop2", root, "loop1") == 0 && symlinkat("loop1", root, "loop2") == 0 && refuses("/loop1/x", ELOOP),
        "links in a circle are refused");
  check(symlinkat("/proc/self/fd/0", root, "magic") == 0, "a link to a descriptor");
  int file = openat(root, "file", O_CREAT | O_WRONLY, 0600);
  (void)close(file);
  check(refuses("/file/x", ENOTDIR), "a file is no directory");
}

static void test_targets(void) {
  struct stat stat;
  cleanup_close int file = root_make_target(root, "/new/file", false);
  check(file >= 0 && fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size == 0,
        "a file is made for what is no directory");
  cleanup_close int again = root_make_target(root, "/new/file", true);
  check(again >= 0 && fstat(again, &stat) == 0 && S_ISREG(stat.st_mode), "what is there is taken as it is");
  cleanup_close int directory = root_make_target(root, "/new/directory", true);
  check(directory >= 0 && fstat(directory, &stat) == 0 && S_ISDIR(stat.st_mode), "a directory is made for one");
  check(symlinkat("nowhere", root, "new/link") == 0 && root_make_target(root, "/new/link", false) < 0,
        "no file is made through a link");
  char name[NAME_MAX + 1];
  cleanup_close int parent = root_open_parent(root, "/p/q/last//", name);
  check(parent >= 0 && strcmp(name, "last") == 0 && exists(root, "p/q") && !exists(root, "p/q/last"),
        "a parent is made, not its child");
  check(root_open_parent(root, "/", name) < 0 && errno == EINVAL, "the root has no parent");
  check(root_open_plain(root, "/absolute", O_PATH) < 0, "a plain path has no link in it");
}

int main(void) {
  char command[64];
  if (mkdtemp(base) == NULL) return 1;
  int top = open(base, O_RDONLY | O_DIRECTORY);
  (void)umask(0);
  if (mkdirat(top, "outside", 0755) < 0 || mkdirat(top, "root", 0755) < 0) return 1;
  outside = openat(top, "outside", O_RDONLY | O_DIRECTORY);
  root = openat(top, "root", O_PATH | O_DIRECTORY);
  test_plain();
  test_links();
  test_targets();
  (void)snprintf(command, sizeof command, "rm -rf %s", base);
  return system(command) != 0 ? 1 : done();
}
