#include "link_table.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static struct link *place_of(struct link *links, size_t capacity, dev_t device, ino_t inode) {
  size_t at = (size_t)(((uint64_t)inode ^ ((uint64_t)device << 32)) * 0x9e3779b97f4a7c15ULL >> 20) & (capacity - 1);

  while (links[at].path && (links[at].inode != inode || links[at].device != device)) at = (at + 1) & (capacity - 1);
  return &links[at];
}

/* At most half full. */
static bool grow(struct link_table *table) {
  size_t capacity = table->capacity == 0 ? 256 : table->capacity * 2;
  struct link *links;

  if (table->count * 2 < table->capacity) return true;
  links = calloc(capacity, sizeof(*links));
  if (!links) return false;
  for (size_t i = 0; i < table->capacity; i++) {
    const struct link *link = &table->links[i];

    if (link->path) *place_of(links, capacity, link->device, link->inode) = *link;
  }
  free(table->links);
  table->links = links;
  table->capacity = capacity;
  return true;
}

const char *link_table_find(struct link_table *table, const struct stat *status, const char *path, int *failed) {
  struct link *place;

  *failed = 0;
  if (S_ISDIR(status->st_mode) || status->st_nlink < 2) return NULL;
  if (!grow(table)) {
    *failed = -1;
    return NULL;
  }
  place = place_of(table->links, table->capacity, status->st_dev, status->st_ino);
  if (place->path) return place->path;
  *place = (struct link){.device = status->st_dev, .inode = status->st_ino, .path = strdup(path)};
  *failed = place->path ? 0 : -1;
  table->count++;
  return NULL;
}

void link_table_destroy(struct link_table *table) {
  for (size_t i = 0; i < table->capacity; i++) free(table->links[i].path);
  free(table->links);
  *table = (struct link_table){0};
}
