/* The commands that read the writable layer of a container, a layer that was made of one, or stacks of layers. */
#include "commands.h"

#include "changes.h"
#include "cleanup.h"
#include "compare.h"
#include "layer_copy.h"
#include "merged.h"
#include "options.h"
#include "overlay_marks.h"
#include "read_only.h"
#include "sandbox.h"
#include "stream.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The walk keeps a few fds for each level of the tree. */
static void raise_fd_limit(void) {
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_upper(const struct options *options, struct upper *upper, struct layer_error *error) {
  raise_fd_limit();
  if (!options->upper) return fail(error, FAILURE_USAGE, "options", "--upper is needed");
  if (upper_set_mount_points(upper, (char *)(size_t)options->mount_points, error) < 0) return -1;
  if (options->squash && options->layers && options->lowers) {
    upper->fd = merged_open(options->upper, options->layers, options->lowers, error);
    return upper->fd < 0 ? -1 : 0;
  }
  if (lower_layers_open(&upper->layers, options->layers, options->lowers, error) < 0) return -1;
  upper->fd = open_read_only(options->upper, error);
  return upper->fd < 0 ? -1 : 0;
}

/* Shuts the process into a directory that nothing is written to. */
static int enter_to_read(const char *path, struct layer_error *error) {
  cleanup_close int place = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  cleanup_close int root = -1;

  if (place < 0) return fail_errno(error, "open", "cannot open \"%.200s\"", path);
  root = sandbox_enter_to_read(place, error);
  return root < 0 ? -1 : sandbox_filter(error);
}

static int list_changes(const struct options *options, struct upper *upper, struct layer_error *error) {
  cleanup_close int output = -1;

  if (open_upper(options, upper, error) < 0) return -1;
  output = stream_open(options, error);
  if (output < 0 || enter_to_read(options->upper, error) < 0) return -1;
  return changes_write(upper, output, error);
}

int changes_command(int count, char **arguments) {
  static struct upper upper = {.fd = -1, .layers = {.fd = -1}};
  struct options options;
  struct layer_error error = {0};

  if (options_parse(count, arguments, &options, &error) == 0 && list_changes(&options, &upper, &error) == 0) {
    report_done();
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

static int compare(const struct options *options, struct lower_layers *old, struct lower_layers *new, struct layer_error *error) {
  cleanup_close int output = -1;

  if (!options->layers) return fail(error, FAILURE_USAGE, "options", "--layers is needed");
  if (lower_layers_open(old, options->layers, options->lowers, error) < 0 ||
      lower_layers_open(new, options->layers, options->others, error) < 0)
    return -1;
  output = stream_open(options, error);
  if (output < 0 || enter_to_read(options->layers, error) < 0) return -1;
  return compare_write(old, new, output, error);
}

int compare_command(int count, char **arguments) {
  static struct lower_layers old = {.fd = -1};
  static struct lower_layers new = {.fd = -1};
  struct options options;
  struct layer_error error = {0};

  if (options_parse(count, arguments, &options, &error) == 0 && compare(&options, &old, &new, &error) == 0) {
    report_done();
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

static int write_layer(const struct options *options, struct upper *upper, struct layer_copy *copy, struct layer_error *error) {
  int result;

  copy->max_bytes = options->limits.max_bytes;
  copy->max_entries = options->limits.max_entries;
  result = layer_copy(upper, copy, error);
  if (result == 0) digest_finish(copy->tar.digest, copy->result.diff_id);
  if (result == 0 && options->diff_id && strcmp(options->diff_id, copy->result.diff_id) != 0)
    result = fail(error, FAILURE_DIGEST, "digest", "the layer's content is %s, not %s", copy->result.diff_id, options->diff_id);
  return result;
}

static int commit(const struct options *options, struct upper *upper, struct layer_copy *copy, struct layer_error *error) {
  cleanup_close int target = -1;

  if (!options->target) return fail(error, FAILURE_USAGE, "options", "--target is needed");
  if (options->squash && own_mounts(error) < 0) return -1;
  target = open(options->target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0) return fail_errno(error, "open", "cannot open the target \"%.200s\"", options->target);
  if (open_upper(options, upper, error) < 0) return -1;
  copy->tar.fd = -1;
  copy->target = sandbox_enter(target, options->limits.max_bytes, error);
  if (copy->target < 0 || sandbox_filter(error) < 0) return -1;
  return write_layer(options, upper, copy, error);
}

static int pack(const struct options *options, struct upper *upper, struct layer_copy *copy, struct layer_error *error) {
  static struct gzip_encoder encoder;

  if (options->compression == COMPRESSION_ZSTD) return fail(error, FAILURE_USAGE, "options", "pack writes gzip, or plain");
  copy->target = -1;
  upper->is_layer = true;
  if (open_upper(options, upper, error) < 0) return -1;
  copy->tar.fd = stream_open(options, error);
  if (copy->tar.fd < 0 || enter_to_read(options->upper, error) < 0) return -1;
  if (options->compression == COMPRESSION_GZIP) {
    gzip_encoder_init(&encoder, copy->tar.fd);
    copy->tar.gzip = &encoder;
  }
  return write_layer(options, upper, copy, error);
}

static int copy_root_attributes(int from, int to, struct layer_error *error) {
  struct stat status;

  if (fstat(from, &status) != 0) return fail_errno(error, "read", "cannot look at the directory");
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (fchown(to, status.st_uid, status.st_gid) != 0 || fchmod(to, status.st_mode & 07777) != 0 || futimens(to, times) != 0)
    return fail_errno(error, "write", "cannot give the copy its owner and mode");
  return 0;
}

static int copy_tree(const struct options *options, struct upper *upper, struct layer_copy *copy, struct layer_error *error) {
  struct options unlimited = *options;

  unlimited.limits = (struct layer_limits){.max_entries = UINT64_MAX, .max_bytes = UINT64_MAX};
  upper->is_plain = true;
  copy->archive_name = ".";
  if (commit(&unlimited, upper, copy, error) < 0) return -1;
  return copy_root_attributes(upper->fd, copy->target, error);
}

typedef int (*layer_task)(const struct options *, struct upper *, struct layer_copy *, struct layer_error *);

static int run_task(int count, char **arguments, layer_task task) {
  static struct upper upper = {.fd = -1, .layers = {.fd = -1}};
  static struct layer_copy copy;
  struct options options;
  struct layer_error error = {0};
  int result = options_parse(count, arguments, &options, &error);

  copy.tar.digest = digest_new();
  if (result == 0 && !copy.tar.digest) result = fail(&error, FAILURE_LIMIT, "memory", "out of memory");
  if (result == 0) result = task(&options, &upper, &copy, &error);
  digest_free(copy.tar.digest);
  if (result == 0) {
    report_result(&copy.result);
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

int commit_command(int count, char **arguments) {
  return run_task(count, arguments, commit);
}

int copy_command(int count, char **arguments) {
  return run_task(count, arguments, copy_tree);
}

int pack_command(int count, char **arguments) {
  return run_task(count, arguments, pack);
}
