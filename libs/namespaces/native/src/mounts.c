#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "copy_up.h"
#include "joins.h"
#include "overlay.h"
#include "root.h"
#include "volumes.h"

typedef Berth__Native__V1__BindMount bind_mount;

static int configure(int context, const char *option) {
  const char *equals = strchr(option, '=');
  if (equals == NULL) return fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0);
  char key[64];
  size_t length = (size_t)(equals - option);
  if (length >= sizeof key) {
    errno = EINVAL;
    return -1;
  }
  memcpy(key, option, length);
  key[length] = '\0';
  return fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

int mount_filesystem(const char *type, char *const *options, size_t count, uint64_t attributes) {
  /* What mount(8) would show; without it programs read "none". */
  return mount_filesystem_of(type, type, options, count, attributes);
}

int mount_filesystem_of(const char *type, const char *device, char *const *options, size_t count, uint64_t attributes) {
  cleanup_close int context = fsopen(type, FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  if (fsconfig(context, FSCONFIG_SET_STRING, "source", device, 0) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    if (configure(context, options[i]) < 0) return -1;
  }
  if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return -1;
  return fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
}

int mount_clone(int fd, bool recursive) {
  return open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U));
}

int mount_map_ids(int mount, int user_namespace, bool recursive) {
  struct mount_attr change = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)user_namespace};
  return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U), &change, sizeof change);
}

int mount_set(int mount, uint64_t attributes, bool recursive) {
  struct mount_attr change = {.attr_set = attributes};
  /* The access time modes are one field, which must be cleared as a whole before another value is set. */
  if ((attributes & MOUNT_ATTR__ATIME) != 0) change.attr_clr = MOUNT_ATTR__ATIME;
  return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U), &change, sizeof change);
}

int mount_clear(int mount) {
  struct mount_attr change = {.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
  return mount_setattr(mount, "", AT_EMPTY_PATH, &change, sizeof change);
}

static int mount_propagate(int mount, uint64_t propagation) {
  struct mount_attr change = {.propagation = propagation};
  return mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change);
}

int mount_move(int mount, int target) {
  return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/*
 * What a bind mount may cover in /proc: files that only inform. Covering others would hide from the tools in the
 * container what guards it (CVE-2019-16884). The list is that of runc's checkProcMount.
 */
static bool may_cover_in_proc(const char *target) {
  static const char *const HARMLESS[] = {
      "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",  "/proc/stat",    "/proc/swaps",
      "/proc/uptime",  "/proc/loadavg",   "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid",
  };
  for (size_t i = 0; i < sizeof HARMLESS / sizeof HARMLESS[0]; i++) {
    if (strcmp(target, HARMLESS[i]) == 0) return true;
  }
  return false;
}

static bool is_proc(int fd) {
  struct statfs stat;
  return fstatfs(fd, &stat) == 0 && stat.f_type == PROC_SUPER_MAGIC;
}

/* The source itself, or what lies at the subpath when the source is taken for the root: no link leads out of it. */
static int open_bind(const bind_mount *bind) {
  unsigned recursive = bind->recursive ? AT_RECURSIVE : 0U;
  if (bind->subpath[0] == '\0')
    return open_tree(AT_FDCWD, bind->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
  cleanup_close int source = open(bind->source, O_PATH | O_CLOEXEC);
  cleanup_close int part = source < 0 ? -1 : root_open(source, bind->subpath, O_PATH);
  return part < 0 ? -1 : mount_clone(part, bind->recursive);
}

static int open_bind_source(const bind_mount *bind, int *source, struct failure *failure) {
  cleanup_close int tree = open_bind(bind);
  if (tree < 0) {
    bool whole = bind->subpath[0] == '\0';
    return fail(failure, "mount", errno, "open the source %.150s%s%.80s", bind->source, whole ? "" : "/", bind->subpath);
  }
  if (mount_propagate(tree, bind->propagation == 0 ? MS_PRIVATE : bind->propagation) < 0)
    return fail(failure, "mount", errno, "set the propagation of %.200s", bind->source);
  *source = take_fd(&tree);
  return 0;
}

int mount_open_part(int image, const char *subpath, struct failure *failure) {
  cleanup_close int part = root_open(image, subpath[0] == '\0' ? "/" : subpath, O_PATH);
  cleanup_close int tree = part < 0 ? -1 : mount_clone(part, false);
  return tree >= 0 ? take_fd(&tree) : fail(failure, "mount", errno, "open %.200s of an image", subpath);
}

/* Kernels before 6.15 clone no mount that is attached nowhere: so it lies over the layers for a moment. */
static int open_image(const Berth__Native__V1__ImageMount *image, int *source, struct failure *failure) {
  cleanup_close int root = overlay_mount(image->rootfs, failure);
  if (root < 0) return -1;
  *source = mount_open_part(root, image->subpath, failure);
  if (chdir("/") == 0 && umount2(image->rootfs->layers_dir, MNT_DETACH) == 0) return *source < 0 ? -1 : 0;
  close_fd(source);
  return fail(failure, "mount", errno, "detach an image from %.200s", image->rootfs->layers_dir);
}

int mount_open_source(const mount_plan *plan, int *source, struct failure *failure) {
  *source = -1;
  switch (plan->source_case) {
    case BERTH__NATIVE__V1__MOUNT__SOURCE_BIND:
      return open_bind_source(plan->bind, source, failure);
    case BERTH__NATIVE__V1__MOUNT__SOURCE_IMAGE:
      return open_image(plan->image, source, failure);
    default:
      return 0;
  }
}

static bool propagates(const mount_plan *plan) {
  return plan->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_BIND && plan->bind->propagation != 0;
}

int mount_open_propagating(const container_plan *plan, int sources[PLAN_LIST_MAX], struct failure *failure) {
  for (size_t i = 0; i < plan->n_mounts; i++) {
    if (propagates(plan->mounts[i]) && mount_open_source(plan->mounts[i], &sources[i], failure) < 0) return -1;
  }
  return 0;
}

int mount_open_sources(const container_plan *plan, const struct joins *joins, const struct volumes *volumes,
                       int sources[PLAN_LIST_MAX], struct failure *failure) {
  for (size_t i = 0; i < plan->n_mounts; i++) {
    if (propagates(plan->mounts[i])) continue;
    if (volumes->fds[i] >= 0) {
      sources[i] = volumes->fds[i];
    } else if (plan->mounts[i]->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_SHARED) {
      sources[i] = joins_open_mount(joins, plan->mounts[i]->shared, failure);
      if (sources[i] < 0) return -1;
    } else if (mount_open_source(plan->mounts[i], &sources[i], failure) < 0) {
      return -1;
    }
  }
  return 0;
}

/* What is said of a source in a failure. */
static const char *source_name(const mount_plan *plan) {
  switch (plan->source_case) {
    case BERTH__NATIVE__V1__MOUNT__SOURCE_BIND:
      return plan->bind->source;
    case BERTH__NATIVE__V1__MOUNT__SOURCE_SHARED:
      return plan->shared->path;
    case BERTH__NATIVE__V1__MOUNT__SOURCE_VOLUME:
      return plan->volume->device;
    default:
      return "an image";
  }
}

static bool is_filled(const mount_plan *plan) {
  if (plan->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_VOLUME) return plan->volume->copy_up;
  return plan->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_BIND && plan->bind->copy_up;
}

/* Only what the image itself has there fills a volume: not a directory that is made to mount on. */
static bool fills(int root, const mount_plan *plan) {
  if (!is_filled(plan)) return false;
  cleanup_close int there = root_open(root, plan->target, O_PATH);
  return there >= 0;
}

/* What a plan mounts below a volume that is about to become read-only has its target made in the volume before. */
static int make_inner_targets(const struct mount_list *list, size_t outer, struct failure *failure) {
  const char *target = list->plans[outer]->target;
  size_t length = strlen(target);
  for (size_t i = outer + 1; i < list->count; i++) {
    const char *inner = list->plans[i]->target;
    if (strncmp(inner, target, length) != 0 || inner[length] != '/') continue;
    struct stat stat = {.st_mode = S_IFDIR};
    if (list->sources[i] >= 0 && fstat(list->sources[i], &stat) < 0)
      return fail(failure, "mount", errno, "examine %.200s", inner);
    cleanup_close int made = root_make_target(list->sources[outer], inner + length, S_ISDIR(stat.st_mode));
    if (made < 0) return fail(failure, "mount", errno, "make the target %.200s", inner);
  }
  return 0;
}

static int attach_tree(int root, const struct mount_list *list, size_t index, struct failure *failure) {
  const mount_plan *plan = list->plans[index];
  int tree = list->sources[index];
  const bind_mount *bind = plan->source_case == BERTH__NATIVE__V1__MOUNT__SOURCE_BIND ? plan->bind : NULL;
  const char *source = source_name(plan);
  bool recursive = bind != NULL && bind->recursive && !bind->attributes_on_top;
  struct stat stat;
  if (fstat(tree, &stat) < 0) return fail(failure, "mount", errno, "examine %.200s", source);
  bool fill = fills(root, plan);
  cleanup_close int target = root_make_target(root, plan->target, S_ISDIR(stat.st_mode));
  struct stat there;
  if (target < 0 || fstat(target, &there) < 0) return fail(failure, "mount", errno, "make the target %.200s", plan->target);
  if (S_ISDIR(stat.st_mode) != S_ISDIR(there.st_mode))
    return fail(failure, "mount", ENOTDIR, "bind %.70s to %.70s: are you trying to mount a directory onto a file (or vice-versa)?",
                source, plan->target);
  if (is_proc(target) && !may_cover_in_proc(plan->target)) {
    return fail(failure, "mount", EPERM, "%.200s is inside /proc", plan->target);
  }
  if (fill && copy_up(target, tree, failure) < 0) return -1;
  if (is_filled(plan) && (plan->attributes & MOUNT_ATTR_RDONLY) != 0 &&
      make_inner_targets(list, index, failure) < 0)
    return -1;
  if (plan->attributes != 0 && mount_set(tree, plan->attributes, recursive) < 0) {
    return fail(failure, "mount", errno, "set the attributes of %.200s", plan->target);
  }
  if (mount_move(tree, target) < 0)
    return fail(failure, "mount", errno, "bind %.100s to %.100s", source, plan->target);
  return 0;
}

/*
 * proc and sysfs go to a directory of that very name: behind a link, the paths that are masked later would be others
 * (CVE-2019-19921, CVE-2023-27561, CVE-2023-28642).
 */
static int open_filesystem_target(int root, const mount_plan *plan) {
  cleanup_close int target = root_make_target(root, plan->target, true);
  if (target < 0) return -1;
  const char *type = plan->filesystem->type;
  if (strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0) return take_fd(&target);
  return root_open_plain(root, plan->target, O_PATH | O_DIRECTORY);
}

static void note_own(struct own_mounts *own, const mount_plan *plan, int *mount) {
  const char *type = plan->filesystem->type;
  if (own->devpts < 0 && strcmp(type, "devpts") == 0) own->devpts = take_fd(mount);
  if (own->proc < 0 && strcmp(type, "proc") == 0 && (plan->attributes & MOUNT_ATTR_RDONLY) == 0)
    own->proc = take_fd(mount);
}

static int attach_filesystem(int root, const mount_plan *plan, struct own_mounts *own, struct failure *failure) {
  const Berth__Native__V1__FilesystemMount *filesystem = plan->filesystem;
  cleanup_close int target = open_filesystem_target(root, plan);
  if (target < 0) return fail(failure, "mount", errno, "make the target %.200s", plan->target);
  if (is_proc(target)) return fail(failure, "mount", EPERM, "%.200s is inside /proc", plan->target);
  cleanup_close int mount =
      mount_filesystem(filesystem->type, filesystem->options, filesystem->n_options, plan->attributes);
  if (mount < 0) return fail(failure, "mount", errno, "make a %.16s for %.180s", filesystem->type, plan->target);
  if (mount_move(mount, target) < 0)
    return fail(failure, "mount", errno, "mount %.16s on %.180s", filesystem->type, plan->target);
  note_own(own, plan, &mount);
  return 0;
}

int mount_attach(int root, const struct mount_list *list, size_t index, struct own_mounts *own, struct failure *failure) {
  if (list->sources[index] < 0) return attach_filesystem(root, list->plans[index], own, failure);
  int result = attach_tree(root, list, index, failure);
  close_fd(&list->sources[index]);
  return result;
}
