/*
 * The rules are those of github.com/moby/go-archive, changes.go: content is not compared, but mode, owner, device, and of what is no directory
 * size and time; and a directory in which something has changed counts as changed.
 */
#include "changes.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

/* struct vfs_ns_cap_data, and room to tell that there is more. */
#define CAPABILITY_MAX 32

struct changes {
  struct upper *upper;
  int output;
  struct bytes bytes;
};

#define FLUSH_BYTES ((size_t)64 * 1024)

static int flush(struct changes *changes, struct layer_error *error) {
  const unsigned char *bytes = changes->bytes.data;
  size_t length = changes->bytes.length;

  if (changes->bytes.failed) return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  while (length > 0) {
    ssize_t done = write(changes->output, bytes, length);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno(error, "write", "cannot write the changes");
    bytes += done;
    length -= (size_t)done;
  }
  changes->bytes.length = 0;
  return 0;
}

static void put(struct changes *changes, const char *path, size_t length, enum change change) {
  const char start[2] = {(char)change, '/'};

  bytes_append(&changes->bytes, start, sizeof(start));
  bytes_append(&changes->bytes, path, length);
  bytes_append(&changes->bytes, "", 1);
}

/* The directories above first, if nothing was told of them. The root is never told. */
static void tell_above(struct changes *changes, struct upper_entry *entry) {
  if (!entry->above || entry->mark != CHANGE_NONE) return;
  tell_above(changes, entry->above);
  entry->mark = CHANGE_CHANGED;
  put(changes, entry->path, entry->path_length, CHANGE_CHANGED);
}

static int tell(struct changes *changes, struct upper_entry *entry, enum change change, struct layer_error *error) {
  tell_above(changes, entry->above);
  entry->mark = (int)change;
  put(changes, entry->path, entry->path_length, change);
  return changes->bytes.length < FLUSH_BYTES && !changes->bytes.failed ? 0 : flush(changes, error);
}

/* Copying a file may lose the fraction of its time. */
static bool same_time(const struct timespec *left, const struct timespec *right) {
  return left->tv_sec == right->tv_sec && (left->tv_nsec == right->tv_nsec || left->tv_nsec == 0 || right->tv_nsec == 0);
}

static bool same_status(const struct stat *old, const struct stat *new) {
  if (old->st_mode != new->st_mode || old->st_uid != new->st_uid || old->st_gid != new->st_gid || old->st_rdev != new->st_rdev)
    return false;
  return S_ISDIR(new->st_mode) || (old->st_size == new->st_size && same_time(&old->st_mtim, &new->st_mtim));
}

static ssize_t read_capability(int fd, char value[CAPABILITY_MAX]) {
  return fd < 0 ? -1 : fgetxattr(fd, "security.capability", value, CAPABILITY_MAX);
}

static bool same_capability(const struct changes *changes, const struct upper_entry *entry) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  char values[2][CAPABILITY_MAX];
  cleanup_close int new = -1;
  cleanup_close int old = -1;
  ssize_t length;

  if (!S_ISREG(entry->status.st_mode)) return true;
  new = openat(entry->parent, entry->name, flags);
  old = lower_open(&changes->upper->layers, entry->below.layer, entry->path, O_RDONLY);
  length = read_capability(new, values[0]);
  return read_capability(old, values[1]) == length && (length <= 0 || memcmp(values[0], values[1], (size_t)length) == 0);
}

static int enter(void *context, struct upper_entry *entry, struct layer_error *error) {
  struct changes *changes = context;

  if (!entry->above) return 0;
  if (entry->is_gone) return entry->below.found ? tell(changes, entry, CHANGE_DELETED, error) : 0;
  if (!entry->below.found) return tell(changes, entry, CHANGE_ADDED, error);
  if (same_status(&entry->below.status, &entry->status) && same_capability(changes, entry)) return 0;
  return tell(changes, entry, CHANGE_CHANGED, error);
}

int changes_write(struct upper *upper, int output, struct layer_error *error) {
  struct changes changes = {.upper = upper, .output = output};
  int result;

  upper->visitor = (struct upper_visitor){.enter = enter, .context = &changes, .wants_hidden = true};
  result = upper_walk(upper, error);
  if (result == 0) result = flush(&changes, error);
  bytes_destroy(&changes.bytes);
  return result;
}
