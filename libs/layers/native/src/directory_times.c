#include "directory_times.h"

#include <stdlib.h>
#include <string.h>

static int grow(struct directory_times *times) {
  size_t capacity = times->capacity ? times->capacity * 2 : 256;
  struct directory_time *items = reallocarray(times->items, capacity, sizeof(*items));

  if (!items) return -1;
  times->items = items;
  times->capacity = capacity;
  return 0;
}

int directory_times_add(struct directory_times *times, const struct entry_path *path, int fd, struct timespec mtime,
                        struct layer_error *error) {
  struct stat status;
  struct directory_time *item;

  if (fstat(fd, &status) != 0) return fail_errno(error, "times", "cannot look at \"%.200s\"", path->text);
  if (times->count == times->capacity && grow(times) < 0) return fail(error, FAILURE_LIMIT, "times", "out of memory");
  item = &times->items[times->count];
  item->path = malloc(path->length + 1);
  if (!item->path) return fail(error, FAILURE_LIMIT, "times", "out of memory");
  memcpy(item->path, path->text, path->length);
  item->length = path->length;
  item->mtime = mtime;
  item->device = status.st_dev;
  item->inode = status.st_ino;
  times->count++;
  return 0;
}

static int apply_one(const struct directory_time *item, struct layer_root *root, struct layer_error *error) {
  const struct timespec both[2] = {item->mtime, item->mtime};
  struct stat status;
  int fd = root_directory(root, item->path, item->length, false, error);

  if (fd < 0) return error->kind == 0 ? 0 : -1;
  if (fstat(fd, &status) != 0) return fail_errno(error, "times", "cannot look at a directory");
  if (status.st_dev != item->device || status.st_ino != item->inode) return 0;
  if (futimens(fd, both) != 0) return fail_errno(error, "times", "cannot set the times of a directory");
  return 0;
}

int directory_times_apply(const struct directory_times *times, struct layer_root *root, struct layer_error *error) {
  for (size_t i = times->count; i > 0; i--) {
    if (apply_one(&times->items[i - 1], root, error) < 0) return -1;
  }
  return 0;
}

void directory_times_destroy(struct directory_times *times) {
  for (size_t i = 0; i < times->count; i++) free(times->items[i].path);
  free(times->items);
}
