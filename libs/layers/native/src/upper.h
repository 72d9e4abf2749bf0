/*
 * Walks the writable layer of a container, depth first, names in the order of their bytes, and tells of each entry what the layers below
 * have in its place. The tree may belong to a container that is changing it: everything is opened from its parent's fd, no symbolic
 * link is followed, and what vanishes meanwhile is not told.
 */
#ifndef BERTH_UPPER_H
#define BERTH_UPPER_H

#include "entry_path.h"
#include "lower_layers.h"

#define HIDDEN_MAX 64

/* All of it belongs to the walk; of `above` only `mark` is for others. */
struct upper_entry {
  struct upper_entry *above; /* NULL: this is the root */
  const char *path;          /* without a leading slash; empty: the root */
  const char *name;
  int parent; /* the directory that it is in; -1 of the root */
  int fd;     /* of directories, else -1 */
  struct stat status;
  bool is_gone;   /* hides what is below, and has nothing in its place */
  bool is_opaque; /* a directory that hides what the layers below have in it; only when they have it */
  struct lower_entry below;
  int mark; /* the visitor's */

  bool covered; /* it, or a directory above it, is opaque */
  bool xattr_whiteouts;
  bool entered;
  size_t path_length;
};

struct upper_visitor {
  /* Before what is in a directory; after it `leave`, for directories only. */
  int (*enter)(void *context, struct upper_entry *entry, struct layer_error *error);
  int (*leave)(void *context, struct upper_entry *entry, struct layer_error *error);
  void *context;
  /* Also tells, as gone, what opaque directories hide. */
  bool wants_hidden;
};

struct upper {
  int fd; /* owned */
  struct lower_layers layers;
  /*
   * Mount points that the engine has made: not told when the layers below lack them, the file is empty, and the directory has
   * nothing else in it.
   */
  const char *mount_points[HIDDEN_MAX];
  size_t mount_point_count;
  /* True when it is a layer that was made here: then every opaque directory is told, whatever lies below. */
  bool is_layer;
  /* True when it is an ordinary tree, in which overlay's marks mean nothing, and the kernel's own views are taken for empty. */
  bool is_plain;
  struct upper_visitor visitor;
  char path[ENTRY_PATH_MAX + 1];
};

/* Sets `mount_points` from a list with colons between; NULL for none. */
int upper_set_mount_points(struct upper *upper, char *list, struct layer_error *error);
int upper_walk(struct upper *upper, struct layer_error *error);
void upper_close(struct upper *upper);

#endif
