/* Applies an archive in two threads: one reads, inflates and hashes, one writes. */
#ifndef BERTH_PIPELINE_H
#define BERTH_PIPELINE_H

#include "apply.h"
#include "source.h"

struct pipeline {
  struct source source;
  struct ring ring;
  struct layer_writer writer;
  struct digest *digest;
};

/* What must be had before the sandbox closes. Takes the archive's fd. */
int pipeline_prepare(struct pipeline *pipeline, int archive, struct layer_error *error);

/* Applies the archive to the open directory `root`, which it takes, and closes the sandbox's filter. Then the digest is known. */
int pipeline_run(struct pipeline *pipeline, int root, enum compression compression, const struct layer_limits *limits,
                 struct layer_error *error);

void pipeline_destroy(struct pipeline *pipeline);

#endif
