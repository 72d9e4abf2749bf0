#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup_move.h"
#include "cgroup_note.h"
#include "cleanup.h"
#include "cpuset.h"
#include "device_program.h"
#include "io.h"
#include "tree.h"

#define REMOVE_ATTEMPTS 200
#define REMOVE_PAUSE_MS 10
/* How deep a directory of a container may lie in the cgroup2 tree. */
#define DEPTH_MAX 32

static int open_directory(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

/* mkdir -p. Returns 0, or -1 with errno. */
static int make_directories(const char *path) {
  char prefix[PATH_MAX];
  size_t length = strlen(path);
  if (mkdir(path, 0755) == 0 || errno == EEXIST) return 0;
  if (errno != ENOENT || length >= sizeof prefix) return -1;
  for (size_t i = 1; i <= length; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(prefix, path, i);
    prefix[i] = '\0';
    if (mkdir(prefix, 0755) < 0 && errno != EEXIST) return -1;
  }
  return 0;
}

static int write_values(int directory, size_t count, file_value *const *values, struct failure *failure) {
  bool refused = false;
  for (size_t i = 0; i < count; i++) refused = write_text_at(directory, values[i]->path, values[i]->value) < 0 || refused;
  /* One limit may have stood in the way of another, as memory does of memory and swap together. */
  for (size_t i = 0; i < count && refused; i++) {
    if (write_text_at(directory, values[i]->path, values[i]->value) < 0) {
      return fail(failure, "cgroup", errno, "write \"%.64s\" to %.100s", values[i]->value, values[i]->path);
    }
  }
  return 0;
}

static int create_directory(const char *path, char **copy, int *fd, struct failure *failure) {
  if (make_directories(path) < 0) return fail(failure, "cgroup", errno, "make %.200s", path);
  *fd = open_directory(path);
  if (*fd < 0) return fail(failure, "cgroup", errno, "open %.200s", path);
  *copy = strdup(path);
  return *copy != NULL ? 0 : fail(failure, "cgroup", ENOMEM, "note %.200s", path);
}

static bool has(const struct cgroup *cgroup, const char *path) {
  if (cgroup->unified_path != NULL && strcmp(cgroup->unified_path, path) == 0) return true;
  for (size_t i = 0; i < cgroup->legacy_count; i++) {
    if (cgroup->legacy_paths[i] != NULL && strcmp(cgroup->legacy_paths[i], path) == 0) return true;
  }
  return false;
}

static int create_legacy(struct cgroup *cgroup, const cgroup_directory_plan *legacy, struct failure *failure) {
  size_t at = cgroup->legacy_count++;
  cgroup->legacy_paths[at] = NULL;
  cgroup->legacy[at] = -1;
  if (create_directory(legacy->dir, &cgroup->legacy_paths[at], &cgroup->legacy[at], failure) < 0) return -1;
  if (cpuset_inherit(cgroup->legacy[at]) < 0) return fail(failure, "cgroup", errno, "fill %.200s", legacy->dir);
  return write_values(cgroup->legacy[at], legacy->n_values, legacy->values, failure);
}

/* Hands the controllers that limits use to the children of a directory; those that the kernel or the parent does not
 * give are left out. */
static void enable_controllers(int directory) {
  static const char *const CONTROLLERS[] = {"+cpu", "+cpuset", "+io", "+memory", "+pids"};
  for (size_t i = 0; i < sizeof CONTROLLERS / sizeof CONTROLLERS[0]; i++) {
    (void)write_text_at(directory, "cgroup.subtree_control", CONTROLLERS[i]);
  }
}

static bool is_unified(int directory) {
  struct statfs filesystem;
  return fstatfs(directory, &filesystem) == 0 && filesystem.f_type == CGROUP2_SUPER_MAGIC;
}

/* From the top of the tree down, all directories above one hand their controllers on. */
static void enable_above(int directory, int depth) {
  cleanup_close int above = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above < 0 || depth == 0 || !is_unified(above)) return;
  enable_above(above, depth - 1);
  enable_controllers(above);
}

static int create_unified(struct cgroup *cgroup, const cgroup_plan *plan, struct failure *failure) {
  if (create_directory(plan->unified_dir, &cgroup->unified_path, &cgroup->unified, failure) < 0) return -1;
  if (plan->noted) enable_above(cgroup->unified, DEPTH_MAX);
  if (plan->device_program &&
      device_program_attach(cgroup->unified, plan->device_rules, plan->n_device_rules, failure) < 0)
    return -1;
  return write_values(cgroup->unified, plan->n_values, plan->values, failure);
}

int cgroup_create(struct cgroup *cgroup, const cgroup_plan *plan, int state_dir, struct failure *failure) {
  *cgroup = CGROUP_NONE;
  if (plan == NULL) return 0;
  if (plan->noted && cgroup_note(state_dir, plan, failure) < 0) return -1;
  if (plan->unified_dir[0] != '\0' && create_unified(cgroup, plan, failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_legacy; i++) {
    if (create_legacy(cgroup, plan->legacy[i], failure) < 0) return -1;
  }
  return 0;
}

int cgroup_open(struct cgroup *cgroup, const cgroup_plan *plan, struct failure *failure) {
  *cgroup = CGROUP_NONE;
  if (plan == NULL) return 0;
  if (plan->unified_dir[0] != '\0') {
    cgroup->unified = open_directory(plan->unified_dir);
    if (cgroup->unified < 0 && errno != ENOENT) return fail(failure, "cgroup", errno, "open %.200s", plan->unified_dir);
    cgroup->unified_path = strdup(plan->unified_dir);
  }
  for (size_t i = 0; i < plan->n_legacy; i++) {
    int fd = open_directory(plan->legacy[i]->dir);
    if (fd < 0 && errno == ENOENT) continue;
    if (fd < 0) return fail(failure, "cgroup", errno, "open %.200s", plan->legacy[i]->dir);
    cgroup->legacy_paths[cgroup->legacy_count] = strdup(plan->legacy[i]->dir);
    cgroup->legacy[cgroup->legacy_count++] = fd;
  }
  return 0;
}

static void open_noted(const char *path, void *context) {
  struct cgroup *cgroup = context;
  if (cgroup->legacy_count == CGROUP_LEGACY_MAX || has(cgroup, path)) return;
  int fd = open_directory(path);
  if (fd < 0) return;
  cgroup->legacy_paths[cgroup->legacy_count] = strdup(path);
  cgroup->legacy[cgroup->legacy_count++] = fd;
}

void cgroup_open_noted(struct cgroup *cgroup, int state_dir) { cgroup_for_each_noted(state_dir, open_noted, cgroup); }

static int update(struct cgroup *cgroup, const cgroup_plan *plan, struct failure *failure) {
  if (write_values(cgroup->unified, plan->n_values, plan->values, failure) < 0) return -1;
  for (size_t i = 0; i < plan->n_legacy; i++) {
    if (create_legacy(cgroup, plan->legacy[i], failure) < 0) return -1;
    int directory = cgroup->legacy[cgroup->legacy_count - 1];
    if (cgroup_move_processes(cgroup->unified, directory) < 0)
      return fail(failure, "cgroup", errno, "move the processes to %.200s", plan->legacy[i]->dir);
  }
  return 0;
}

int cgroup_update(const cgroup_plan *plan, int state_dir, struct failure *failure) {
  struct cgroup cgroup = CGROUP_NONE;
  cgroup.unified = open_directory(plan->unified_dir);
  if (cgroup.unified < 0) return fail(failure, "cgroup", errno, "open %.200s", plan->unified_dir);
  int result = plan->n_legacy > 0 ? cgroup_note(state_dir, plan, failure) : 0;
  if (result == 0) result = update(&cgroup, plan, failure);
  cgroup_close(&cgroup);
  return result;
}

int cgroup_join_legacy(const struct cgroup *cgroup, struct failure *failure) {
  for (size_t i = 0; i < cgroup->legacy_count; i++) {
    if (write_text_at(cgroup->legacy[i], "cgroup.procs", "0") < 0) {
      return fail(failure, "cgroup", errno, "join %.200s", cgroup->legacy_paths[i]);
    }
  }
  return 0;
}

int cgroup_kill(const struct cgroup *cgroup) {
  if (cgroup->unified < 0) {
    errno = ENOENT;
    return -1;
  }
  return write_text_at(cgroup->unified, "cgroup.kill", "1");
}

/* Reads the counter `oom_kill N` out of a file of lines `name number`. */
static uint64_t count_oom_kills(int directory, const char *file) {
  char text[1024];
  if (directory < 0 || read_text_at(directory, file, text, sizeof text) < 0) return 0;
  const char *line = text;
  while (line != NULL) {
    if (strncmp(line, "oom_kill ", 9) == 0) return strtoull(line + 9, NULL, 10);
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
  return 0;
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup) {
  uint64_t kills = count_oom_kills(cgroup->unified, "memory.events");
  for (size_t i = 0; i < cgroup->legacy_count; i++) {
    kills += count_oom_kills(cgroup->legacy[i], "memory.oom_control");
  }
  return kills;
}

static void remove_directory(const char *path, int fd) {
  for (int attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    if (rmdir(path) == 0 || errno == ENOENT) return;
    /* A container with a writable cgroup may have made children. */
    if (fd >= 0) (void)tree_remove_directories(fd);
    if (rmdir(path) == 0 || errno != EBUSY) return;
    (void)poll(NULL, 0, REMOVE_PAUSE_MS);
  }
}

void cgroup_remove(struct cgroup *cgroup) {
  (void)cgroup_kill(cgroup);
  if (cgroup->unified_path != NULL) remove_directory(cgroup->unified_path, cgroup->unified);
  for (size_t i = 0; i < cgroup->legacy_count; i++) {
    /* A noted one may lie in the cgroup2 tree. */
    if (cgroup->legacy[i] >= 0) (void)write_text_at(cgroup->legacy[i], "cgroup.kill", "1");
    if (cgroup->legacy_paths[i] != NULL) remove_directory(cgroup->legacy_paths[i], cgroup->legacy[i]);
  }
  cgroup_close(cgroup);
}

void cgroup_close(struct cgroup *cgroup) {
  close_fd(&cgroup->unified);
  free(cgroup->unified_path);
  for (size_t i = 0; i < cgroup->legacy_count; i++) {
    close_fd(&cgroup->legacy[i]);
    free(cgroup->legacy_paths[i]);
  }
  *cgroup = CGROUP_NONE;
}

static int prepare_child(int engine, const char *name, bool default_rules, struct failure *failure) {
  if (mkdirat(engine, name, 0755) < 0 && errno != EEXIST) return fail(failure, "cgroup", errno, "make %s", name);
  cleanup_close int child = openat(engine, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (child < 0) return fail(failure, "cgroup", errno, "open %s", name);
  enable_controllers(child);
  return default_rules ? device_program_attach(child, NULL, 0, failure) : 0;
}

int cgroup_prepare_parent(const char *dir, struct failure *failure) {
  if (make_directories(dir) < 0) return fail(failure, "cgroup", errno, "make %.200s", dir);
  cleanup_close int engine = open_directory(dir);
  if (engine < 0) return fail(failure, "cgroup", errno, "open %.200s", dir);
  if (!is_unified(engine)) return fail(failure, "cgroup", ENODEV, "%.200s is not in a cgroup2 tree", dir);
  cleanup_close int above = openat(engine, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above >= 0) enable_controllers(above);
  enable_controllers(engine);
  if (prepare_child(engine, "containers", true, failure) < 0) return -1;
  return prepare_child(engine, "apart", false, failure);
}

int cgroup_remove_parent(const char *dir, struct failure *failure) {
  cleanup_close int engine = open_directory(dir);
  if (engine < 0) return errno == ENOENT ? 0 : fail(failure, "cgroup", errno, "open %.200s", dir);
  (void)tree_remove_directories(engine);
  if (rmdir(dir) < 0 && errno != ENOENT) return fail(failure, "cgroup", errno, "remove %.200s", dir);
  return 0;
}
