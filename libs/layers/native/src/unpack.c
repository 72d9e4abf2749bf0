#include "commands.h"

#include "apply.h"
#include "cleanup.h"
#include "options.h"
#include "sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct unpack {
  struct options options;
  struct source source;
  struct ring ring;
  struct layer_writer writer;
  struct digest *digest;
};

static int open_layer(const char *path, struct layer_error *error) {
  int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

  if (fd < 0) return fail_errno(error, "open", "cannot open the layer \"%.200s\"", path);
  return fd;
}

static void *run_source(void *argument) {
  sandbox_drop_capabilities();
  return source_run(argument);
}

static int write_layer(struct unpack *unpack, struct layer_error *error) {
  int result = tar_open(&unpack->writer.reader, &unpack->ring, error);

  if (result == 0) result = apply_layer(&unpack->writer, error);
  /* What follows the end of the archive is part of the diffID. */
  while (result == 0 && ring_next(&unpack->ring))
    ;
  ring_abandon(&unpack->ring);
  if (unpack->writer.reader.archive) tar_close(&unpack->writer.reader);
  return result;
}

static int check_digest(struct unpack *unpack, struct layer_error *error) {
  char *found = unpack->writer.result.diff_id;

  digest_finish(unpack->digest, found);
  if (unpack->options.diff_id && strcmp(found, unpack->options.diff_id) != 0)
    return fail(error, FAILURE_DIGEST, "digest", "the layer's content is %s, not %s as its image says", found,
                unpack->options.diff_id);
  return 0;
}

/* Runs both halves. An error of the first half explains the one that it causes in the second. */
static int run_pipeline(struct unpack *unpack, struct layer_error *error) {
  pthread_t thread;
  int result;

  if (pthread_create(&thread, NULL, run_source, &unpack->source) != 0)
    return fail(error, FAILURE_INTERNAL, "thread", "cannot start a thread");
  if (sandbox_filter(error) < 0)
    result = -1;
  else
    result = write_layer(unpack, error);
  ring_abandon(&unpack->ring);
  pthread_join(thread, NULL);
  if (unpack->source.failed && !unpack->source.stopped) {
    *error = unpack->source.error;
    return -1;
  }
  return result < 0 ? -1 : check_digest(unpack, error);
}

static int prepare(struct unpack *unpack, struct layer_error *error) {
  cleanup_close int target = open(unpack->options.target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int root;

  if (target < 0) return fail_errno(error, "open", "cannot open the target \"%.200s\"", unpack->options.target);
  unpack->source.fd = open_layer(unpack->options.layer, error);
  if (unpack->source.fd < 0) return -1;
  unpack->digest = digest_new();
  if (!unpack->digest || ring_init(&unpack->ring) < 0) return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  root = sandbox_enter(target, unpack->options.limits.max_bytes, error);
  if (root < 0) return -1;
  root_init(&unpack->writer.root, root);
  unpack->writer.limits = unpack->options.limits;
  unpack->source.compression = unpack->options.compression;
  unpack->source.max_bytes = unpack->options.limits.max_bytes;
  unpack->source.digest = unpack->digest;
  unpack->source.ring = &unpack->ring;
  return 0;
}

static int unpack_layer(struct unpack *unpack, struct layer_error *error) {
  int result = prepare(unpack, error);

  if (result == 0) {
    result = run_pipeline(unpack, error);
    root_destroy(&unpack->writer.root);
    directory_times_destroy(&unpack->writer.times);
  }
  if (unpack->ring.blocks) ring_destroy(&unpack->ring);
  digest_free(unpack->digest);
  return result;
}

static int check_options(const struct options *options, struct layer_error *error) {
  if (options->layer && options->target) return 0;
  return fail(error, FAILURE_USAGE, "options", "--layer and --target are needed");
}

int unpack_command(int count, char **arguments) {
  static struct unpack unpack;
  struct layer_error error = {0};

  if (options_parse(count, arguments, &unpack.options, &error) == 0 && check_options(&unpack.options, &error) == 0 &&
      unpack_layer(&unpack, &error) == 0) {
    report_result(&unpack.writer.result);
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}
