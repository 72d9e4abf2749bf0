#ifndef BERTH_OPTIONS_H
#define BERTH_OPTIONS_H

#include "apply.h"
#include "container_root.h"
#include "source.h"

/* What was not given is NULL. */
struct options {
  const char *layer;        /* path, or `-` for stdin */
  uint64_t offset;          /* where the layer begins in the file */
  uint64_t length;          /* its bytes there; UINT64_MAX: all that come */
  uint64_t size;            /* what the layer's file grows to, as growth.h has it */
  const char *target;       /* an empty directory */
  const char *diff_id;      /* `sha256:<64 hex>`: what must come out */
  const char *upper;        /* the writable layer of a container, or a layer */
  const char *layers;       /* the directory of the layers below it */
  const char *lowers;       /* their names, uppermost first, with colons between them */
  const char *others;       /* the same of those that they are compared with */
  const char *mount_points; /* paths that the engine has made in it, with colons between them */
  bool squash;              /* all layers become one */
  const char *output;       /* a file that is made */
  const char *stream;       /* a unix socket to connect to */
  struct container_process container;
  const char *root; /* a directory in place of a container; its path is the root of all others */
  const char *path; /* in the container */
  bool follow;      /* a symbolic link at the end of the path */
  bool whole;       /* the root file system, without mounts */
  bool keep_place;  /* a directory takes no place of another kind of file, nor the other way round */
  bool set_owner;   /* what is made belongs to `owner` and `group` */
  uid_t owner;
  gid_t group;
  enum compression compression;
  struct layer_limits limits;
};

/* Parses `berth-layer COMMAND --layer FILE ...`: what stands from the third argument on. */
int options_parse(int count, char **arguments, struct options *options, struct layer_error *error);

#endif
