#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

/* cgroup.max.depth may allow more; whoever nests deeper keeps his directories. */
#define DEPTH_MAX 64

static int remove_below(int directory, int depth);

static int remove_child(int directory, const char *name, int depth) {
  if (unlinkat(directory, name, AT_REMOVEDIR) == 0) return 0;
  cleanup_close int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (child < 0) return -1;
  if (remove_below(child, depth + 1) < 0) return -1;
  return unlinkat(directory, name, AT_REMOVEDIR);
}

static int remove_below(int directory, int depth) {
  if (depth > DEPTH_MAX) {
    errno = ELOOP;
    return -1;
  }
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? NULL : fdopendir(copy);
  if (stream == NULL) {
    close_fd(&copy);
    return -1;
  }
  int result = 0;
  for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
    if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (remove_child(directory, entry->d_name, depth) < 0) result = -1;
  }
  (void)closedir(stream);
  return result;
}

int tree_remove_directories(int directory) { return remove_below(directory, 0); }
