/*
 * The layer's directory while it is being filled. Everything is created relative to the fd of its parent directory, and parents
 * are found by openat2 within the root, never by a path of the host.
 */
#ifndef BERTH_ROOT_H
#define BERTH_ROOT_H

#include "entry_path.h"
#include "error.h"
#include "overlay_marks.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define ROOT_CACHE_SIZE 64

struct root_slot {
  int fd; /* -1: free */
  uint32_t hash;
  size_t length;
  char *path;  /* not terminated */
  bool direct; /* no symbolic link on the way: the path is where it really is */
  uint64_t used;
};

struct layer_root {
  int fd; /* owned; also the process's root directory */
  uint64_t clock;
  bool crosses_mounts;
  bool stale; /* a directory or symbolic link was removed: forget before the next entry */
  struct root_slot slots[ROOT_CACHE_SIZE];
};

void root_init(struct layer_root *root, int fd);
void root_destroy(struct layer_root *root);

/*
 * The fd of the directory named by the first `length` bytes of the path, borrowed until the next call. Symbolic links in it are
 * followed within the root. With `create`, missing directories are made with mode 0755, as every engine does. Without it,
 * -1 and no error (error->kind 0) when there is none.
 */
int root_directory(struct layer_root *root, const char *path, size_t length, bool create, struct layer_error *error);

/*
 * Remembers the directory that was just made at `path`; takes the fd. Keeps it only when the parent was reached without symbolic
 * links: others must pass the depth check of root_directory.
 */
void root_remember(struct layer_root *root, const struct entry_path *path, int fd);

/* Forgets all that was remembered, and closes every borrowed fd. */
void root_forget(struct layer_root *root);

/*
 * Makes a directory, or keeps the one that is there. One that takes the place of a whiteout becomes opaque: the layer hides what
 * was there and puts something new in its place. Returns an owned fd, or -1.
 */
int root_make_directory(int parent, const char *name, mode_t mode, struct layer_error *error);

#endif
