#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define OPEN_CHILD (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int tree_for_each(int directory, int (*visit)(int directory, const char *name, void *context), void *context) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? NULL : fdopendir(copy);
  if (stream == NULL) {
    close_fd(&copy);
    return -1;
  }
  int result = 0;
  while (result == 0) {
    errno = 0;
    const struct dirent *entry = readdir(stream);
    if (entry == NULL) {
      if (errno != 0) result = -1;
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    result = visit(directory, entry->d_name, context);
  }
  int error = errno;
  (void)closedir(stream);
  errno = error;
  return result;
}

static int find_one(int directory, const char *name, void *found) {
  (void)directory;
  (void)name;
  *(bool *)found = true;
  return 0;
}

bool tree_is_empty(int directory) {
  bool found = false;
  return tree_for_each(directory, find_one, &found) == 0 && !found;
}

struct removal {
  int depth;
  bool directories_only;
};

static bool is_directory(int directory, const char *name) {
  struct stat stat;
  return fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode);
}

static int remove_one(int directory, const char *name, void *context) {
  struct removal below = *(struct removal *)context;
  if (!is_directory(directory, name)) return below.directories_only ? 0 : unlinkat(directory, name, 0);
  if (unlinkat(directory, name, AT_REMOVEDIR) == 0) return 0;
  if (++below.depth > TREE_DEPTH_MAX) {
    errno = ELOOP;
    return -1;
  }
  cleanup_close int child = openat(directory, name, OPEN_CHILD);
  if (child < 0 || tree_for_each(child, remove_one, &below) < 0) return -1;
  return unlinkat(directory, name, AT_REMOVEDIR);
}

int tree_remove_directories(int directory) {
  struct removal removal = {.directories_only = true};
  return tree_for_each(directory, remove_one, &removal);
}

int tree_remove(int directory, const char *name) {
  struct removal removal = {0};
  return remove_one(directory, name, &removal) < 0 && errno != ENOENT ? -1 : 0;
}
