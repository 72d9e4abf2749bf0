#include "entry_path.h"

#include <string.h>

#define WHITEOUT_PREFIX ".wh."
#define AUFS_PREFIX ".wh..wh."
#define OPAQUE_NAME ".wh..wh..opq"

static bool starts_with(const char *text, size_t length, const char *prefix) {
  size_t prefix_length = strlen(prefix);

  return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

static bool equals(const char *text, size_t length, const char *other) {
  return length == strlen(other) && memcmp(text, other, length) == 0;
}

/* Removes the last component; false when there is none. */
static bool drop_component(struct entry_path *path) {
  if (path->length == 0) return false;
  path->length = entry_path_base(path);
  if (path->length > 0) path->length--;
  return true;
}

static enum entry_path_result add_component(struct entry_path *path, const char *name, size_t length) {
  if (equals(name, length, ".")) return ENTRY_PATH_OK;
  if (equals(name, length, "..")) return drop_component(path) ? ENTRY_PATH_OK : ENTRY_PATH_ESCAPES;
  if (length > ENTRY_NAME_MAX || path->length + 1 + length > ENTRY_PATH_MAX) return ENTRY_PATH_TOO_LONG;
  if (path->length > 0) path->text[path->length++] = '/';
  memcpy(path->text + path->length, name, length);
  path->length += length;
  return ENTRY_PATH_OK;
}

enum entry_path_result entry_path_clean(const char *name, size_t length, struct entry_path *path) {
  size_t start = 0;

  path->length = 0;
  path->text[0] = '\0';
  if (length == 0) return ENTRY_PATH_EMPTY;
  if (memchr(name, '\0', length)) return ENTRY_PATH_NUL;
  while (start < length) {
    const char *slash = memchr(name + start, '/', length - start);
    size_t end = slash ? (size_t)(slash - name) : length;
    enum entry_path_result result = ENTRY_PATH_OK;

    if (end > start) result = add_component(path, name + start, end - start);
    if (result != ENTRY_PATH_OK) return result;
    start = end + 1;
  }
  path->text[path->length] = '\0';
  return ENTRY_PATH_OK;
}

size_t entry_path_base(const struct entry_path *path) {
  const char *slash = memrchr(path->text, '/', path->length);

  return slash ? (size_t)(slash - path->text) + 1 : 0;
}

static enum entry_kind kind_of_directories(const struct entry_path *path, size_t end) {
  size_t start = 0;

  while (start < end) {
    const char *slash = memchr(path->text + start, '/', end - start);
    size_t length = slash ? (size_t)(slash - path->text) - start : end - start;

    if (starts_with(path->text + start, length, AUFS_PREFIX)) return ENTRY_AUFS;
    if (starts_with(path->text + start, length, WHITEOUT_PREFIX)) return ENTRY_RESERVED;
    start += length + 1;
  }
  return ENTRY_PLAIN;
}

enum entry_kind entry_path_kind(const struct entry_path *path) {
  size_t base = entry_path_base(path);
  const char *name = path->text + base;
  size_t length = path->length - base;
  enum entry_kind kind = kind_of_directories(path, base);

  if (kind != ENTRY_PLAIN) return kind;
  if (!starts_with(name, length, WHITEOUT_PREFIX)) return ENTRY_PLAIN;
  if (equals(name, length, OPAQUE_NAME)) return ENTRY_OPAQUE;
  if (starts_with(name, length, AUFS_PREFIX)) return ENTRY_AUFS;
  if (length <= WHITEOUT_PREFIX_LENGTH || equals(name, length, ".wh..") || equals(name, length, ".wh...")) return ENTRY_RESERVED;
  return ENTRY_WHITEOUT;
}
