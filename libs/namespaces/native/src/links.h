/* The files of a tree that have several names, by device and inode, with the first name that each was found under. */
#ifndef BERTH_LINKS_H
#define BERTH_LINKS_H

#include <sys/types.h>

struct links {
  void *tree; /* of tsearch(3) */
};

/* The path under which a file was added; NULL when it was not. Valid until links_free. */
const char *links_find(const struct links *links, dev_t device, ino_t inode);

/* Adds a file by its directory's path, empty or with a slash at its end, and its name. Returns 0, or -1 with errno. */
int links_add(struct links *links, dev_t device, ino_t inode, const char *directory, const char *name);

void links_free(struct links *links);

#endif
