/* A list of changes on its way to a reader, and the rules of what a change is: shared by those who walk. */
#ifndef BERTH_CHANGE_LIST_H
#define BERTH_CHANGE_LIST_H

#include "bytes.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum change { CHANGE_NONE = 0, CHANGE_CHANGED = 'C', CHANGE_ADDED = 'A', CHANGE_DELETED = 'D' };

struct change_list {
  int output;
  struct bytes bytes;
};

/* Adds a letter, the path with a slash before it, and a NUL. What fails is told by the next flush. */
void change_list_put(struct change_list *list, const char *path, size_t length, enum change change);
/* Writes what has gathered, once it is much. */
int change_list_relieve(struct change_list *list, struct layer_error *error);
/* Writes all of it. */
int change_list_flush(struct change_list *list, struct layer_error *error);
void change_list_destroy(struct change_list *list);

/*
 * The rules of github.com/moby/go-archive, changes.go: content is not compared, but mode, owner, device, and of what is no directory size and
 * time; of files the capability, too.
 */
bool same_status(const struct stat *old, const struct stat *new);
/* True when two open files have the same security.capability, or none; -1 for one that cannot be opened. */
bool same_capability(int old, int new);

#endif
