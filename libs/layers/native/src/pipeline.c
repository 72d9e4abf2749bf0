#include "pipeline.h"

#include "sandbox.h"

#include <unistd.h>

/* igzip's state, which is on it, has 90 KiB. */
#define STACK_SIZE (512 * 1024)

static void *run_source(void *argument) {
  sandbox_drop_capabilities();
  return source_run(argument);
}

static int write_all(struct pipeline *pipeline, struct layer_error *error) {
  int result = tar_open(&pipeline->writer.reader, &pipeline->ring, error);

  if (result == 0) result = apply_layer(&pipeline->writer, error);
  /* What follows the end of the archive is part of the diffID. */
  while (result == 0 && ring_next(&pipeline->ring))
    ;
  ring_abandon(&pipeline->ring);
  if (pipeline->writer.reader.archive) tar_close(&pipeline->writer.reader);
  return result;
}

/* An error of the first half explains the one that it causes in the second. */
static int run_both(struct pipeline *pipeline, struct layer_error *error) {
  pthread_attr_t attributes;
  pthread_t thread;
  int result;

  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_SIZE);
  result = pthread_create(&thread, &attributes, run_source, &pipeline->source);
  pthread_attr_destroy(&attributes);
  if (result != 0)
    return fail(error, FAILURE_INTERNAL, "thread", "cannot start a thread");
  result = sandbox_filter(error) < 0 ? -1 : write_all(pipeline, error);
  ring_abandon(&pipeline->ring);
  pthread_join(thread, NULL);
  if (pipeline->source.failed && !pipeline->source.stopped) {
    *error = pipeline->source.error;
    return -1;
  }
  return result;
}

int pipeline_prepare(struct pipeline *pipeline, int archive, struct layer_error *error) {
  pipeline->source.fd = archive;
  pipeline->source.length = UINT64_MAX;
  pipeline->digest = digest_new();
  if (pipeline->digest && ring_init(&pipeline->ring) == 0) return 0;
  return fail(error, FAILURE_LIMIT, "memory", "out of memory");
}

int pipeline_run(struct pipeline *pipeline, int root, enum compression compression, const struct layer_limits *limits,
                 struct layer_error *error) {
  int result;

  root_init(&pipeline->writer.root, root);
  pipeline->writer.root.crosses_mounts = pipeline->writer.rules.literal;
  pipeline->writer.limits = *limits;
  pipeline->source.compression = compression;
  pipeline->source.max_bytes = limits->max_bytes;
  pipeline->source.digest = pipeline->digest;
  pipeline->source.ring = &pipeline->ring;
  result = run_both(pipeline, error);
  root_destroy(&pipeline->writer.root);
  directory_times_destroy(&pipeline->writer.times);
  if (result == 0) digest_finish(pipeline->digest, pipeline->writer.result.diff_id);
  return result;
}

void pipeline_destroy(struct pipeline *pipeline) {
  if (pipeline->ring.blocks) ring_destroy(&pipeline->ring);
  digest_free(pipeline->digest);
}
