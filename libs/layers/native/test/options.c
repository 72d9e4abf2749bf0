#include "options.h"
#include "tap.h"

#include <string.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct options options;
static struct layer_error error;

static int parse(const char *a, const char *b) {
  char *arguments[] = {"berth-layer", "unpack", "--layer", "l", "--target", "t", (char *)(size_t)a, (char *)(size_t)b, NULL};

  return options_parse(a ? (b ? 8 : 7) : 6, arguments, &options, &error);
}

int main(void) {
  check(parse(NULL, NULL) == 0 && options.compression == COMPRESSION_AUTO && !options.diff_id, "layer and target are enough");
  check(parse("--diff-id", DIGEST) == 0 && strcmp(options.diff_id, DIGEST) == 0, "a digest is taken");
  check(parse("--diff-id", "sha256:abc") < 0 && error.kind == FAILURE_USAGE, "a short digest is refused");
  check(parse("--diff-id", "sha512:0123") < 0, "another algorithm is refused");
  check(parse("--compression", "zstd") == 0 && options.compression == COMPRESSION_ZSTD, "a compression is taken");
  check(parse("--compression", "xz") < 0, "an unknown compression is refused");
  check(parse("--size", "61009958") == 0 && options.size == 61009958, "a size to wait for is taken");
  check(parse("--max-entries", "12") == 0 && options.limits.max_entries == 12, "a limit is taken");
  check(parse("--max-bytes", "-1") < 0 && parse("--max-bytes", "1k") < 0, "a limit that is no number is refused");
  check(parse("--max-bytes", "99999999999999999999") < 0, "a limit that does not fit is refused");
  check(parse("--nonsense", "1") < 0 && parse("--max-bytes", NULL) < 0, "an unknown option and a missing value are refused");
  return done();
}
