#include "entry_path.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct entry_path path;

static bool cleans(const char *name, const char *expected) {
  return entry_path_clean(name, strlen(name), &path) == ENTRY_PATH_OK && strcmp(path.text, expected) == 0 &&
         path.length == strlen(expected);
}

static bool refuses(const char *name, size_t length, enum entry_path_result expected) {
  return entry_path_clean(name, length, &path) == expected;
}

static bool is(const char *name, enum entry_kind kind) {
  return entry_path_clean(name, strlen(name), &path) == ENTRY_PATH_OK && entry_path_kind(&path) == kind;
}

static void test_clean(void) {
  check(cleans("etc/passwd", "etc/passwd"), "a plain name stays");
  check(cleans("./etc//passwd/", "etc/passwd"), "dots, double and trailing slashes go");
  check(cleans("/etc/passwd", "etc/passwd"), "an absolute name is relative to the layer");
  check(cleans("a/../b", "b"), "dots that stay inside are resolved");
  check(cleans("a/b/../../c", "c"), "two levels of them, too");
  check(cleans("./", "") && cleans("/", "") && cleans("a/..", ""), "the root is the empty path");
  check(cleans("...", "...") && cleans("..a", "..a"), "three dots are a name");
  check(refuses("../x", 4, ENTRY_PATH_ESCAPES), "dots that lead out are refused");
  check(refuses("a/../../x", 9, ENTRY_PATH_ESCAPES), "also behind a directory");
  check(refuses("/..", 3, ENTRY_PATH_ESCAPES), "also behind a slash");
  check(refuses("", 0, ENTRY_PATH_EMPTY), "no name is refused");
  check(refuses("a\0b", 3, ENTRY_PATH_NUL), "a NUL is refused");
}

static void test_length(void) {
  char name[ENTRY_PATH_MAX + 2];

  memset(name, 'a', sizeof(name));
  check(refuses(name, ENTRY_NAME_MAX + 1, ENTRY_PATH_TOO_LONG), "a component of 256 bytes is refused");
  check(entry_path_clean(name, ENTRY_NAME_MAX, &path) == ENTRY_PATH_OK, "one of 255 is not");
  for (size_t i = 1; i < sizeof(name); i += 2) name[i] = '/';
  check(entry_path_clean(name, ENTRY_PATH_MAX - 1, &path) == ENTRY_PATH_OK, "a path of the longest length passes");
  check(refuses(name, ENTRY_PATH_MAX + 1, ENTRY_PATH_TOO_LONG), "a longer one is refused");
}

static void test_kind(void) {
  check(is("a/b", ENTRY_PLAIN) && is("a/.wh", ENTRY_PLAIN) && is("a/x.wh.y", ENTRY_PLAIN), "most names are plain");
  check(is("a/.wh.b", ENTRY_WHITEOUT) && is(".wh.b", ENTRY_WHITEOUT), "a whiteout hides a name");
  check(is("a/.wh..b", ENTRY_WHITEOUT), "also one that begins with a dot");
  check(is("a/.wh..wh..opq", ENTRY_OPAQUE), "an opaque marker hides all");
  check(is(".wh..wh.plnk/1", ENTRY_AUFS) && is(".wh..wh.aufs", ENTRY_AUFS), "the book-keeping of aufs is skipped");
  check(is(".wh.", ENTRY_RESERVED) && is(".wh..", ENTRY_RESERVED) && is("a/.wh...", ENTRY_RESERVED),
        "a whiteout of nothing, of `.` and of `..` is refused");
  check(is(".wh.a/b", ENTRY_RESERVED), "a directory named as a whiteout is refused");
}

int main(void) {
  test_clean();
  test_length();
  test_kind();
  return done();
}
