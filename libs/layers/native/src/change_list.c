#include "change_list.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* struct vfs_ns_cap_data, and room to tell that there is more. */
#define CAPABILITY_MAX 32

#define FLUSH_BYTES ((size_t)64 * 1024)

int change_list_flush(struct change_list *list, struct layer_error *error) {
  const unsigned char *bytes = list->bytes.data;
  size_t length = list->bytes.length;

  if (list->bytes.failed) return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  while (length > 0) {
    ssize_t done = write(list->output, bytes, length);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno(error, "write", "cannot write the changes");
    bytes += done;
    length -= (size_t)done;
  }
  list->bytes.length = 0;
  return 0;
}

int change_list_relieve(struct change_list *list, struct layer_error *error) {
  return list->bytes.length < FLUSH_BYTES && !list->bytes.failed ? 0 : change_list_flush(list, error);
}

void change_list_put(struct change_list *list, const char *path, size_t length, enum change change) {
  const char start[2] = {(char)change, '/'};

  bytes_append(&list->bytes, start, sizeof(start));
  bytes_append(&list->bytes, path, length);
  bytes_append(&list->bytes, "", 1);
}

void change_list_destroy(struct change_list *list) {
  bytes_destroy(&list->bytes);
}

/* Copying a file may lose the fraction of its time. */
static bool same_time(const struct timespec *left, const struct timespec *right) {
  return left->tv_sec == right->tv_sec && (left->tv_nsec == right->tv_nsec || left->tv_nsec == 0 || right->tv_nsec == 0);
}

bool same_status(const struct stat *old, const struct stat *new) {
  if (old->st_mode != new->st_mode || old->st_uid != new->st_uid || old->st_gid != new->st_gid || old->st_rdev != new->st_rdev)
    return false;
  return S_ISDIR(new->st_mode) || (old->st_size == new->st_size && same_time(&old->st_mtim, &new->st_mtim));
}

static ssize_t read_capability(int fd, char value[CAPABILITY_MAX]) {
  return fd < 0 ? -1 : fgetxattr(fd, "security.capability", value, CAPABILITY_MAX);
}

bool same_capability(int old, int new) {
  char values[2][CAPABILITY_MAX];
  ssize_t length = read_capability(new, values[0]);

  return read_capability(old, values[1]) == length && (length <= 0 || memcmp(values[0], values[1], (size_t)length) == 0);
}
