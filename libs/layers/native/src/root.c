#include "root.h"

#include "cleanup.h"
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#define IMPLICIT_DIRECTORY_MODE 0755

void root_init(struct layer_root *root, int fd) {
  *root = (struct layer_root){.fd = fd};
  for (size_t i = 0; i < ROOT_CACHE_SIZE; i++) root->slots[i].fd = -1;
}

void root_forget(struct layer_root *root) {
  root->stale = false;
  for (size_t i = 0; i < ROOT_CACHE_SIZE; i++) {
    struct root_slot *slot = &root->slots[i];

    if (slot->fd < 0) continue;
    close(slot->fd);
    free(slot->path);
    *slot = (struct root_slot){.fd = -1};
  }
}

void root_destroy(struct layer_root *root) {
  root_forget(root);
  if (root->fd >= 0) close(root->fd);
  root->fd = -1;
}

/* FNV-1a: https://datatracker.ietf.org/doc/draft-eastlake-fnv/ */
static uint32_t hash_path(const char *path, size_t length) {
  uint32_t hash = 2166136261u;

  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)path[i]) * 16777619u;
  return hash;
}

static struct root_slot *find_slot(struct layer_root *root, const char *path, size_t length) {
  uint32_t hash = hash_path(path, length);

  for (size_t i = 0; i < ROOT_CACHE_SIZE; i++) {
    struct root_slot *slot = &root->slots[i];

    if (slot->fd >= 0 && slot->hash == hash && slot->length == length && memcmp(slot->path, path, length) == 0) return slot;
  }
  return NULL;
}

static struct root_slot *oldest_slot(struct layer_root *root) {
  struct root_slot *oldest = &root->slots[0];

  for (size_t i = 0; i < ROOT_CACHE_SIZE; i++) {
    if (root->slots[i].fd < 0) return &root->slots[i];
    if (root->slots[i].used < oldest->used) oldest = &root->slots[i];
  }
  return oldest;
}

/* Puts the fd, which it takes, into the cache; returns it, or -1 when there is no memory. */
static int store(struct layer_root *root, const struct entry_path *path, int fd, bool direct) {
  struct root_slot *slot = find_slot(root, path->text, path->length);
  char *copy = malloc(path->length);

  if (!copy) {
    close(fd);
    return -1;
  }
  if (!slot) slot = oldest_slot(root);
  if (slot->fd >= 0) close(slot->fd);
  free(slot->path);
  memcpy(copy, path->text, path->length);
  *slot = (struct root_slot){
      .fd = fd,
      .hash = hash_path(path->text, path->length),
      .length = path->length,
      .path = copy,
      .direct = direct,
      .used = ++root->clock,
  };
  return fd;
}

void root_remember(struct layer_root *root, const struct entry_path *path, int fd) {
  size_t base = entry_path_base(path);
  struct root_slot *parent = base > 0 ? find_slot(root, path->text, base - 1) : NULL;

  if (path->length > 0 && (base == 0 || (parent && parent->direct)))
    store(root, path, fd, true);
  else
    close(fd);
}

/* Symbolic links can make a short name lead deep: what counts is where the directory really is. */
static int check_depth(int fd, const char *path, struct layer_error *error) {
  char buffer[ENTRY_PATH_MAX + 2];

  if (fchdir(fd) != 0) return fail_errno(error, "parent", "cannot enter \"%.200s\"", path);
  if (sys_getcwd(buffer, sizeof(buffer)) < 0)
    return fail(error, FAILURE_LIMIT, "parent", "\"%.200s\" lies deeper than %d bytes of path", path, ENTRY_PATH_MAX);
  return 0;
}

/* Opens an existing directory. -1 with errno when there is none, and with error->kind set on a real error. */
static int open_directory(const struct layer_root *root, const char *path, bool *direct, struct layer_error *error) {
  uint64_t mounts = root->crosses_mounts ? 0 : RESOLVE_NO_XDEV;
  struct open_how how = {
      .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | mounts,
  };
  cleanup_close int fd = sys_openat2(root->fd, path, &how);

  *direct = true;
  if (fd >= 0 || errno != ELOOP) return take_fd(&fd);
  *direct = false;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | mounts;
  fd = sys_openat2(root->fd, path, &how);
  if (fd >= 0 && check_depth(fd, path, error) < 0) return -1;
  return take_fd(&fd);
}

/* Takes the place of a whiteout that this layer has put there. */
static int replace_whiteout(int parent, const char *name, mode_t mode, struct layer_error *error) {
  cleanup_close int fd = -1;

  if (unlinkat(parent, name, 0) != 0 || mkdirat(parent, name, mode) != 0)
    return fail_errno(error, "mkdir", "cannot put a directory in the place of a whiteout at \"%.200s\"", name);
  fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return fail_errno(error, "mkdir", "cannot open the directory \"%.200s\"", name);
  return mark_opaque(fd, error) == 0 ? take_fd(&fd) : -1;
}

int root_make_directory(int parent, const char *name, mode_t mode, struct layer_error *error) {
  struct stat status;
  int fd;

  if (mkdirat(parent, name, mode) != 0) {
    if (errno != EEXIST) return fail_errno(error, "mkdir", "cannot make the directory \"%.200s\"", name);
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno(error, "mkdir", "cannot look at \"%.200s\"", name);
    if (is_whiteout(&status)) return replace_whiteout(parent, name, mode, error);
    if (!S_ISDIR(status.st_mode))
      return fail(error, FAILURE_INVALID, "mkdir", "\"%.200s\" is used as a directory and is none", name);
  }
  fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return fail_errno(error, "mkdir", "cannot open the directory \"%.200s\"", name);
  return fd;
}

/* Makes the last component of the path below its parent, which is made first when it is missing too. */
static int create_directory(struct layer_root *root, const struct entry_path *path, struct layer_error *error) {
  size_t base = entry_path_base(path);
  int parent = root_directory(root, path->text, base > 0 ? base - 1 : 0, true, error);

  if (parent < 0) return -1;
  return root_make_directory(parent, path->text + base, IMPLICIT_DIRECTORY_MODE, error);
}

static int open_or_create(struct layer_root *root, const struct entry_path *path, bool create, struct layer_error *error) {
  bool direct = false;
  int fd;

  error->kind = 0;
  fd = open_directory(root, path->text, &direct, error);
  if (fd < 0 && error->kind == 0 && errno != ENOENT && errno != ENOTDIR)
    return fail_errno(error, "parent", "cannot open the directory \"%.200s\"", path->text);
  if (fd < 0 && error->kind == 0 && create) {
    fd = create_directory(root, path, error);
    if (fd >= 0 && !direct && check_depth(fd, path->text, error) < 0) {
      close(fd);
      return -1;
    }
  }
  if (fd < 0) return -1;
  fd = store(root, path, fd, direct);
  return fd >= 0 ? fd : fail(error, FAILURE_LIMIT, "parent", "out of memory");
}

int root_directory(struct layer_root *root, const char *path, size_t length, bool create, struct layer_error *error) {
  struct entry_path *copy;
  struct root_slot *slot;
  int fd;

  if (length == 0) return root->fd;
  slot = find_slot(root, path, length);
  if (slot) {
    slot->used = ++root->clock;
    return slot->fd;
  }
  copy = malloc(sizeof(*copy));
  if (!copy) return fail(error, FAILURE_LIMIT, "parent", "out of memory");
  memcpy(copy->text, path, length);
  copy->text[length] = '\0';
  copy->length = length;
  fd = open_or_create(root, copy, create, error);
  free(copy);
  return fd;
}
