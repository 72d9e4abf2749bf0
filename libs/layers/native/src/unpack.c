#include "commands.h"

#include "cleanup.h"
#include "memory.h"
#include "options.h"
#include "pipeline.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_layer(const struct options *options, struct layer_error *error) {
  const char *path = options->layer;
  int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

  if (fd >= 0 && options->offset > 0 && lseek(fd, (off_t)options->offset, SEEK_SET) < 0) {
    close(fd);
    return fail_errno(error, "open", "cannot seek in the layer \"%.200s\"", path);
  }
  if (fd >= 0) return fd;
  /* A file that was still growing may be whole meanwhile, and have another name. */
  if (errno == ENOENT && options->size > 0)
    return fail(error, FAILURE_INVALID, "open", "the layer \"%.200s\" is not there any more", path);
  return fail_errno(error, "open", "cannot open the layer \"%.200s\"", path);
}

static int check_digest(const struct options *options, const char *found, struct layer_error *error) {
  if (!options->diff_id || strcmp(found, options->diff_id) == 0) return 0;
  return fail(error, FAILURE_DIGEST, "digest", "the layer's content is %s, not %s as its image says", found, options->diff_id);
}

static int unpack(const struct options *options, struct pipeline *pipeline, struct layer_error *error) {
  cleanup_close int target = -1;
  int layer;
  int root;

  if (!options->layer || !options->target) return fail(error, FAILURE_USAGE, "options", "--layer and --target are needed");
  target = open(options->target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0) return fail_errno(error, "open", "cannot open the target \"%.200s\"", options->target);
  layer = open_layer(options, error);
  if (layer < 0 || pipeline_prepare(pipeline, layer, error) < 0) return -1;
  pipeline->source.length = options->length;
  if (options->size > 0 && growth_watch(&pipeline->source.growth, layer, options->size, error) < 0) return -1;
  root = sandbox_enter(target, options->limits.max_bytes, error);
  if (root < 0 || memory_bound(options->size == 0, error) < 0) return -1;
  if (pipeline_run(pipeline, root, options->compression, &options->limits, error) < 0) return -1;
  return check_digest(options, pipeline->writer.result.diff_id, error);
}

static bool is_over;

/* libarchive ends the process itself when it gets no memory. */
static void tell_early_end(void) {
  struct layer_error error = {0};

  if (is_over) return;
  fail(&error, FAILURE_LIMIT, "memory", "the layer needs too much memory");
  report_error(&error);
}

int unpack_command(int count, char **arguments) {
  static struct pipeline pipeline;
  struct options options;
  struct layer_error error = {0};
  int result = options_parse(count, arguments, &options, &error);

  if (atexit(tell_early_end) != 0) return (int)FAILURE_INTERNAL;
  if (result == 0) result = unpack(&options, &pipeline, &error);
  is_over = true;
  pipeline_destroy(&pipeline);
  if (result == 0) {
    report_result(&pipeline.writer.result);
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}
