#ifndef BERTH_OPTIONS_H
#define BERTH_OPTIONS_H

#include "apply.h"
#include "source.h"

struct options {
  const char *layer;   /* path, or `-` for stdin */
  const char *target;  /* an empty directory */
  const char *diff_id; /* `sha256:<64 hex>`, or NULL: compute only */
  enum compression compression;
  struct layer_limits limits;
};

/* Parses `berth-layer unpack --layer FILE ...`: what stands from the third argument on. */
int options_parse(int count, char **arguments, struct options *options, struct layer_error *error);

#endif
