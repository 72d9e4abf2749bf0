#include "names.h"

#include "syscalls.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_dots(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* 0, or -1 with errno. A directory that is removed meanwhile, as what runs beside may do, has no names any more. */
static int read_all(int directory, struct bytes *text) {
  _Alignas(struct dirent64) char buffer[32 * 1024];
  ssize_t length;

  if (lseek(directory, 0, SEEK_SET) < 0) return -1;
  while ((length = getdents64(directory, buffer, sizeof(buffer))) > 0) {
    for (ssize_t at = 0; at < length;) {
      const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);

      at += entry->d_reclen;
      if (!is_dots(entry->d_name)) bytes_append(text, entry->d_name, strlen(entry->d_name) + 1);
    }
  }
  return length < 0 && errno != ENOENT ? -1 : 0;
}

static size_t count_names(const struct bytes *text) {
  size_t count = 0;

  for (size_t at = 0; at < text->length; at++) count += text->data[at] == '\0';
  return count;
}

static size_t drop_doubles(char **items, size_t count) {
  size_t kept = 0;

  for (size_t i = 0; i < count; i++) {
    if (kept == 0 || strcmp(items[kept - 1], items[i]) != 0) items[kept++] = items[i];
  }
  return kept;
}

static int sort(struct names *names) {
  size_t count = count_names(&names->text);
  char *name = (char *)names->text.data;

  free(names->items);
  names->count = 0;
  names->items = calloc(count + 1, sizeof(*names->items));
  if (!names->items || names->text.failed) return -1;
  for (size_t i = 0; i < count; i++, name += strlen(name) + 1) names->items[i] = name;
  if (count > 1) qsort(names->items, count, sizeof(*names->items), compare);
  names->count = drop_doubles(names->items, count);
  return 0;
}

int names_add(int directory, struct names *names, struct layer_error *error) {
  if (read_all(directory, &names->text) < 0) return fail_errno(error, "read", "cannot read a directory");
  return sort(names) < 0 ? fail(error, FAILURE_LIMIT, "memory", "out of memory") : 0;
}

void names_destroy(struct names *names) {
  free(names->items);
  bytes_destroy(&names->text);
  *names = (struct names){0};
}
