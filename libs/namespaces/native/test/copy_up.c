#include "copy_up.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tap.h"
#include "tree.h"

static char base[] = "/tmp/berth-XXXXXX";
static int top = -1;
static int image = -1;

static void run(const char *command) {
  char text[1024];
  (void)snprintf(text, sizeof text, "cd %s && %s", base, command);
  if (system(text) != 0) exit(1);
}

static bool says(const char *command, const char *expected) {
  char text[1024];
  char seen[1024];
  (void)snprintf(text, sizeof text, "cd %s && %s", base, command);
  FILE *output = popen(text, "r");
  size_t size = fread(seen, 1, sizeof seen - 1, output);
  seen[size] = '\0';
  return pclose(output) == 0 && strcmp(seen, expected) == 0;
}

/* A new empty volume. */
static int make_volume(const char *name) {
  if (mkdirat(top, name, 0755) < 0) exit(1);
  return openat(top, name, O_PATH | O_DIRECTORY);
}

static bool fills(int volume) {
  struct failure failure;
  return copy_up(image, volume, &failure) == 0;
}

static const char LIST[] =
    "find . -mindepth 1 -printf '%P %y %m %U:%G %s %l %n %TY\\n' | grep -v ' d ' | sort; find . -printf '%P %y %m %U:%G "
    "%TY\\n' | grep ' d ' | sort";

static bool is_like_image(const char *volume) {
  char command[2048];
  (void)snprintf(command, sizeof command, "a=$(cd image && %s); b=$(cd %s && %s); test \"$a\" = \"$b\" && echo same",
                 LIST, volume, LIST);
  return says(command, "same\n");
}

static void make_image(void) {
  run("mkdir -p image/sub/deep image/empty && echo hello > image/file && printf x > image/sub/deep/x");
  run("ln -s file image/link && ln -s /nowhere image/sub/dangling && mkfifo image/sub/pipe && : > image/nothing");
  run("dd if=/dev/urandom of=image/large bs=1M count=3 2>/dev/null");
  run("truncate -s 8M image/holes && printf middle | dd of=image/holes bs=1M seek=4 conv=notrunc 2>/dev/null");
  run("chown 12:34 image image/sub image/file && chown -h 5:6 image/link && chmod 4755 image/file && chmod 1777 image "
      "&& chmod 700 image/sub");
  run("ln image/large image/empty/same && ln image/large image/sub/deep/same && ln image/link image/link-too");
  run("touch -h -d 2001-02-03 image/file image/link image/sub/deep image/sub image");
  image = openat(top, "image", O_PATH | O_DIRECTORY);
  int file = openat(top, "image/file", O_RDONLY);
  (void)fsetxattr(file, "trusted.overlay.opaque", "y", 1, 0);
  (void)fsetxattr(file, "user.mark", "m", 1, 0);
  (void)close(file);
}

static void test_fill(void) {
  int volume = make_volume("v1");
  check(fills(volume), "an empty volume is filled");
  check(is_like_image("v1"), "with everything as the image has it");
  check(says("stat -c %i v1/large v1/empty/same v1/sub/deep/same | uniq | wc -l; stat -c %h v1/large", "1\n3\n"),
        "the names of a file are those of one copy");
  check(says("cmp image/large v1/large && cat v1/file", "hello\n"), "and the same bytes");
  int file = openat(volume, "file", O_RDONLY);
  check(says("cmp v1/holes image/holes && stat -c %b v1/holes", "8\n"), "holes stay holes");
  check(fgetxattr(file, "user.mark", NULL, 0) == 1, "extended attributes are copied");
  check(fgetxattr(file, "trusted.overlay.opaque", NULL, 0) < 0, "but overlayfs's own are not");
  (void)close(file);
  run("echo changed > v1/file && rm v1/large");
  check(fills(volume) && says("cat v1/file; ls v1/large 2>/dev/null; :", "changed\n"),
        "a volume that has something is left alone");
  (void)close(volume);
}

static void test_interruptions(void) {
  int volume = make_volume("v2");
  run("mkdir v2/.berth-filling && echo half > v2/.berth-filling/file");
  check(fills(volume) && is_like_image("v2"), "a copy that was cut off is made again");
  (void)close(volume);
  volume = make_volume("v3");
  check(fills(volume), "a volume is filled");
  run("mkdir v3/.berth-filled && mv v3/sub v3/large v3/.berth-filled/ && chmod 755 v3 && chown 0:0 v3");
  check(fills(volume) && is_like_image("v3"), "a move that was cut off is completed");
  (void)close(volume);
  volume = make_volume("v4");
  run("mkdir v4/.berth-filling && echo mine > v4/other");
  check(fills(volume) && says("ls -A v4", "other\n"), "what a user put there meanwhile is kept");
  (void)close(volume);
}

static void test_refusals(void) {
  struct failure failure;
  int volume = make_volume("v5");
  int file = openat(top, "image/file", O_PATH);
  check(copy_up(file, volume, &failure) == 0 && tree_is_empty(volume), "a file fills nothing");
  check(copy_up(image, file, &failure) == 0, "nor is a file filled");
  run("rm -rf deep && mkdir deep && d=deep && for i in 1 2 3 4 5; do n=$(printf 'd/%.0s' $(seq 60)); mkdir -p $d/$n; "
      "d=$d/$n; done");
  int deep = openat(top, "deep", O_PATH | O_DIRECTORY);
  check(copy_up(deep, volume, &failure) < 0 && strcmp(failure.step, "mount") == 0,
        "a tree that is too deep is refused");
  check(tree_is_empty(volume), "and leaves nothing");
  (void)close(deep);
  (void)close(file);
  (void)close(volume);
}

static void test_remove(void) {
  run("mkdir -p t/a/b && echo x > t/a/b/x && ln -s ../../precious t/a/link && echo precious > precious && mkdir -p "
      "t/c/d");
  int tree = openat(top, "t", O_RDONLY | O_DIRECTORY);
  check(tree_remove_directories(tree) < 0 && says("ls t; cat t/a/b/x", "a\nx\n"),
        "removing directories removes no file");
  check(tree_remove(tree, "a") == 0 && tree_is_empty(tree), "removing a tree removes all of it");
  check(tree_remove(tree, "a") == 0, "again is fine");
  check(says("cat precious", "precious\n"), "what a link points to is not touched");
  (void)close(tree);
}

int main(void) {
  if (mkdtemp(base) == NULL) return 1;
  top = open(base, O_RDONLY | O_DIRECTORY);
  (void)umask(022);
  make_image();
  test_fill();
  test_interruptions();
  test_refusals();
  test_remove();
  char command[64];
  (void)snprintf(command, sizeof command, "rm -rf %s", base);
  return system(command) != 0 ? 1 : done();
}
