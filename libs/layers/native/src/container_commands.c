/* The commands that read and write the file system of a container through one of its processes. */
#include "commands.h"

#include "cleanup.h"
#include "container_path.h"
#include "container_root.h"
#include "entry_path.h"
#include "layer_copy.h"
#include "options.h"
#include "pipeline.h"
#include "report.h"
#include "sandbox.h"
#include "stream.h"
#include "syscalls.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

static int check_options(const struct options *options, struct layer_error *error) {
  if ((options->container.pid > 0 || options->root) && options->path) return 0;
  return fail(error, FAILURE_USAGE, "options", "--path is needed, and --pid or --root");
}

/* Shuts the process into a directory that programs may be changing. Returns an owned fd of it. */
static int open_directory_root(const char *path, bool writes, struct layer_error *error) {
  cleanup_close int place = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (place < 0) return fail_errno(error, "open", "cannot open \"%.200s\"", path);
  return writes ? sandbox_enter(place, RLIM_INFINITY, error) : sandbox_enter_to_read(place, error);
}

static int open_root(const struct options *options, enum container_view view, struct layer_error *error) {
  if (options->root) return open_directory_root(options->root, view == CONTAINER_WRITE, error);
  return container_root_open(&options->container, view, error);
}

static int find(const struct options *options, int root, struct container_path *found, struct layer_error *error) {
  if (sandbox_filter(error) < 0) return -1;
  if (container_path_find(root, options->path, options->follow, found, error) < 0) return -1;
  report_stat(found);
  return 0;
}

static int stat_path(const struct options *options, struct layer_error *error) {
  static struct container_path found;
  cleanup_close int root = -1;

  if (check_options(options, error) < 0) return -1;
  root = open_root(options, CONTAINER_READ, error);
  return root < 0 ? -1 : find(options, root, &found, error);
}

static int archive_directory(const struct container_path *found, struct layer_copy *copy, struct layer_error *error) {
  static struct upper upper = {.is_plain = true, .layers = {.fd = -1}};

  upper.fd = openat(found->parent, found->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (upper.fd < 0) return fail_errno(error, "open", "cannot open \"%.200s\"", found->shown);
  return layer_copy(&upper, copy, error);
}

static int archive_found(struct container_path *found, struct layer_copy *copy, struct layer_error *error) {
  struct upper_entry root = {.path = ""};
  struct upper_entry entry = {
      .above = &root, .path = "", .name = found->name, .parent = found->parent, .fd = -1, .status = found->status};

  copy->archive_name = found->shown;
  return S_ISDIR(found->status.st_mode) ? archive_directory(found, copy, error) : archive_file(copy, &entry, error);
}

static int archive(const struct options *options, struct layer_error *error) {
  static struct layer_copy copy = {.target = -1, .max_bytes = UINT64_MAX, .max_entries = UINT64_MAX};
  static struct container_path found;
  cleanup_close int root = -1;

  if (check_options(options, error) < 0) return -1;
  copy.tar.fd = stream_open(options, error);
  if (copy.tar.fd < 0) return -1;
  root = open_root(options, options->whole ? CONTAINER_ROOT_ONLY : CONTAINER_READ, error);
  if (root < 0 || find(options, root, &found, error) < 0) return -1;
  return archive_found(&found, &copy, error);
}

/* Where a directory lies, without links: `..` behind a link is not what the path says. */
static int find_place(int root, const char *path, struct entry_path *place, struct layer_error *error) {
  static struct container_path found;
  /* The copy of the mounts is nowhere mounted itself. */
  static const char nowhere[] = "(unreachable)";
  char text[PATH_MAX + sizeof(nowhere)];
  const char *start = text;
  cleanup_close int fd = -1;

  if (container_path_find(root, path, true, &found, error) < 0) return -1;
  if (!S_ISDIR(found.status.st_mode)) return fail(error, FAILURE_CONFLICT, "path", "extraction point is not a directory");
  fd = openat(found.parent, found.name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fchdir(fd) != 0 || sys_getcwd(text, sizeof(text)) < 0 || fchdir(root) != 0)
    return fail_errno(error, "path", "cannot find the place of \"%.300s\"", path);
  if (strncmp(text, nowhere, sizeof(nowhere) - 1) == 0) start += sizeof(nowhere) - 1;
  if (entry_path_clean(start, strlen(start), place) != ENTRY_PATH_OK)
    return fail(error, FAILURE_NOT_FOUND, "path", "there is no \"%.300s\"", path);
  return 0;
}

static int extract(const struct options *options, struct layer_error *error) {
  static struct pipeline pipeline;
  struct apply_rules *rules = &pipeline.writer.rules;
  int archive_fd;
  int root;

  if (check_options(options, error) < 0) return -1;
  rules->literal = true;
  rules->keep_place = options->keep_place;
  rules->set_owner = options->set_owner;
  rules->owner = options->owner;
  rules->group = options->group;
  archive_fd = stream_open(options, error);
  if (archive_fd < 0 || pipeline_prepare(&pipeline, archive_fd, error) < 0) return -1;
  root = open_root(options, CONTAINER_WRITE, error);
  if (root < 0 || find_place(root, options->path, &rules->base, error) < 0) return -1;
  return pipeline_run(&pipeline, root, options->compression, &options->limits, error);
}

static int run_task(int count, char **arguments, int (*task)(const struct options *, struct layer_error *)) {
  struct options options;
  struct layer_error error = {0};

  if (options_parse(count, arguments, &options, &error) == 0 && task(&options, &error) == 0) {
    report_done();
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

int stat_command(int count, char **arguments) {
  return run_task(count, arguments, stat_path);
}

int archive_command(int count, char **arguments) {
  return run_task(count, arguments, archive);
}

int extract_command(int count, char **arguments) {
  return run_task(count, arguments, extract);
}
