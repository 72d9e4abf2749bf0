#include "directory_times.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 4096
/* Those of 50,000 directories, which few layers have. */
#define FEW_BYTES (1024UL * 1024)
/* Six numbers of at most ten bytes, and a path. */
#define NOTE_MAX_BYTES (60 + ENTRY_PATH_MAX)

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static void put_number(struct directory_times *times, uint64_t value) {
  for (; value >= 0x80; value >>= 7) times->bytes[times->length++] = (unsigned char)(value | 0x80);
  times->bytes[times->length++] = (unsigned char)value;
}

static uint64_t take_number(const unsigned char **bytes) {
  uint64_t value = 0;
  unsigned shift = 0;

  for (; **bytes & 0x80; shift += 7) value |= (uint64_t)(*(*bytes)++ & 0x7f) << shift;
  return value | (uint64_t)*(*bytes)++ << shift;
}

/* Small differences of either sign as small numbers. */
static void put_difference(struct directory_times *times, uint64_t value, uint64_t last) {
  uint64_t difference = value - last;

  put_number(times, difference >> 63 ? ~(difference << 1) : difference << 1);
}

static uint64_t take_difference(const unsigned char **bytes, uint64_t last) {
  uint64_t number = take_number(bytes);

  return last + (number & 1 ? ~(number >> 1) : number >> 1);
}

static size_t shared_length(const struct entry_path *one, const struct entry_path *other) {
  size_t length = 0;

  while (length < one->length && length < other->length && one->text[length] == other->text[length]) length++;
  return length;
}

static void put_path(struct directory_times *times, const struct entry_path *path) {
  size_t shared = shared_length(path, &times->last.path);

  put_number(times, shared);
  put_number(times, path->length - shared);
  memcpy(times->bytes + times->length, path->text + shared, path->length - shared);
  times->length += path->length - shared;
}

static int make_room(struct directory_times *times, struct layer_error *error) {
  size_t capacity = times->capacity ? times->capacity : CAPACITY_FIRST;
  unsigned char *bytes;

  if (times->length + NOTE_MAX_BYTES <= times->capacity) return 0;
  if (times->length + NOTE_MAX_BYTES > DIRECTORY_TIMES_MAX_BYTES)
    return fail(error, FAILURE_LIMIT, "times", "the layer has too many directories, or their names are too long");
  if (times->length + NOTE_MAX_BYTES > FEW_BYTES && memory_have_more(error) < 0) return -1;
  while (capacity < times->length + NOTE_MAX_BYTES) capacity *= 2;
  bytes = realloc(times->bytes, capacity);
  if (!bytes) return fail(error, FAILURE_LIMIT, "times", "out of memory");
  times->bytes = bytes;
  times->capacity = capacity;
  return 0;
}

int directory_times_add(struct directory_times *times, const struct entry_path *path, int fd, struct timespec mtime,
                        struct layer_error *error) {
  struct directory_time *last = &times->last;
  struct stat status;

  if (fstat(fd, &status) != 0) return fail_errno(error, "times", "cannot look at \"%.200s\"", path->text);
  if (make_room(times, error) < 0) return -1;
  put_difference(times, (uint64_t)mtime.tv_sec, (uint64_t)last->mtime.tv_sec);
  put_number(times, (uint64_t)mtime.tv_nsec);
  put_difference(times, status.st_dev, last->device);
  put_difference(times, status.st_ino, last->inode);
  put_path(times, path);
  *last = (struct directory_time){.mtime = mtime, .device = status.st_dev, .inode = status.st_ino, .path = *path};
  return 0;
}

/* Makes of the last one the next. */
static void take_note(const unsigned char **bytes, struct directory_time *item) {
  size_t shared;
  size_t rest;

  item->mtime.tv_sec = (time_t)take_difference(bytes, (uint64_t)item->mtime.tv_sec);
  item->mtime.tv_nsec = (long)take_number(bytes);
  item->device = take_difference(bytes, item->device);
  item->inode = take_difference(bytes, item->inode);
  shared = take_number(bytes);
  rest = take_number(bytes);
  memcpy(item->path.text + shared, *bytes, rest);
  *bytes += rest;
  item->path.length = shared + rest;
}

static int apply_one(const struct directory_time *item, struct layer_root *root, struct layer_error *error) {
  const struct timespec both[2] = {item->mtime, item->mtime};
  struct stat status;
  int fd = root_directory(root, item->path.text, item->path.length, false, error);

  if (fd < 0) return error->kind == 0 ? 0 : -1;
  if (fstat(fd, &status) != 0) return fail_errno(error, "times", "cannot look at a directory");
  if (status.st_dev != item->device || status.st_ino != item->inode) return 0;
  if (futimens(fd, both) != 0) return fail_errno(error, "times", "cannot set the times of a directory");
  return 0;
}

int directory_times_apply(const struct directory_times *times, struct layer_root *root, struct layer_error *error) {
  const unsigned char *bytes = times->bytes;
  struct directory_time item = {0};

  if (times->length == 0) return 0;
  while (bytes < times->bytes + times->length) {
    take_note(&bytes, &item);
    if (apply_one(&item, root, error) < 0) return -1;
  }
  return 0;
}

void directory_times_destroy(struct directory_times *times) {
  free(times->bytes);
  *times = (struct directory_times){0};
}
