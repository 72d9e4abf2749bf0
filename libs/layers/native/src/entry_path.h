/* Names in a layer: pure functions over hostile bytes, no system calls. */
#ifndef BERTH_ENTRY_PATH_H
#define BERTH_ENTRY_PATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Longest path below the layer's root, in bytes. Less than PATH_MAX, so that the path also works below a directory of the host,
 * and so that the tree can be removed by path.
 */
#define ENTRY_PATH_MAX 3072
#define ENTRY_NAME_MAX 255

/* A cleaned relative path: no leading slash, no empty, `.` or `..` component. The root itself is the empty path. */
struct entry_path {
  char text[ENTRY_PATH_MAX + 1];
  size_t length;
};

enum entry_path_result {
  ENTRY_PATH_OK,
  ENTRY_PATH_EMPTY,    /* no bytes at all */
  ENTRY_PATH_NUL,      /* a NUL inside the name */
  ENTRY_PATH_ESCAPES,  /* `..` leads out of the layer */
  ENTRY_PATH_TOO_LONG, /* the path or one of its components */
};

/*
 * Cleans `length` bytes of `name` lexically, as every container engine does: an absolute name is relative to the layer's root,
 * `a/../b` is `b`, `../b` is refused.
 */
enum entry_path_result entry_path_clean(const char *name, size_t length, struct entry_path *path);

/* Where the last component begins; equals 0 for a path of one component. */
size_t entry_path_base(const struct entry_path *path);

/* What a name means in the layer format (OCI image-spec, layer.md, "Whiteouts"). */
enum entry_kind {
  ENTRY_PLAIN,
  ENTRY_WHITEOUT, /* `.wh.name`: hides `name` of the layers below */
  ENTRY_OPAQUE,   /* `.wh..wh..opq`: hides all that the layers below have in this directory */
  ENTRY_AUFS,     /* other `.wh..wh.*`: book-keeping of aufs, skipped */
  ENTRY_RESERVED, /* `.wh.`, `.wh..`, `.wh...`, or a directory named as a whiteout: refused */
};

/* Classifies a cleaned path. For ENTRY_WHITEOUT the hidden name is the base without its first 4 bytes. */
enum entry_kind entry_path_kind(const struct entry_path *path);

#define WHITEOUT_PREFIX_LENGTH 4

#endif
