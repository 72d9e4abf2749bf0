/* Whatever the name is, a cleaned path stays inside and is made of ordinary components. */
#include "../src/entry_path.c"

#include <stdint.h>
#include <stdlib.h>

static void check_components(const struct entry_path *path) {
  size_t start = 0;

  if (path->length > ENTRY_PATH_MAX || strlen(path->text) != path->length) abort();
  while (start < path->length) {
    const char *slash = memchr(path->text + start, '/', path->length - start);
    size_t length = slash ? (size_t)(slash - path->text) - start : path->length - start;

    if (length == 0 || length > ENTRY_NAME_MAX) abort();
    if (equals(path->text + start, length, ".") || equals(path->text + start, length, "..")) abort();
    start += length + 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct entry_path path;

  if (entry_path_clean((const char *)data, size, &path) != ENTRY_PATH_OK) return 0;
  check_components(&path);
  if (entry_path_base(&path) > path.length) abort();
  if (entry_path_kind(&path) == ENTRY_WHITEOUT && path.length - entry_path_base(&path) <= WHITEOUT_PREFIX_LENGTH) abort();
  return 0;
}
