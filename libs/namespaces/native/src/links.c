#include "links.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The analyzer does not know that tsearch(3) keeps what it is given. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"

struct link {
  dev_t device;
  ino_t inode;
  char path[];
};

static int compare(const void *left, const void *right) {
  const struct link *a = left;
  const struct link *b = right;
  if (a->inode != b->inode) return a->inode < b->inode ? -1 : 1;
  return a->device == b->device ? 0 : a->device < b->device ? -1 : 1;
}

const char *links_find(const struct links *links, dev_t device, ino_t inode) {
  const struct link key = {.device = device, .inode = inode};
  struct link *const *found = tfind(&key, &links->tree, compare);
  return found == NULL ? NULL : (*found)->path;
}

int links_add(struct links *links, dev_t device, ino_t inode, const char *directory, const char *name) {
  size_t length = strlen(directory);
  struct link *link = malloc(sizeof *link + length + strlen(name) + 1);
  if (link == NULL) return -1;
  link->device = device;
  link->inode = inode;
  memcpy(link->path, directory, length);
  memcpy(link->path + length, name, strlen(name) + 1);
  /* The tree keeps what it is given as a key, which the analyzer cannot know. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
  if (tsearch(link, &links->tree, compare) != NULL) return 0;
#pragma GCC diagnostic pop
  free(link);
  return -1;
}

void links_free(struct links *links) {
  tdestroy(links->tree, free);
  links->tree = NULL;
}
