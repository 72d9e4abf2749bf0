#include "cgroup_move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"
#include "tree.h"

/* A process that forks faster than it is moved is given up. */
#define PASSES_MAX 1000

struct pids {
  size_t count;
  size_t room;
  int *values; /* owned */
};

static int add(struct pids *pids, int pid) {
  if (pids->count == pids->room) {
    size_t room = pids->room == 0 ? 256 : pids->room * 2;
    int *values = reallocarray(pids->values, room, sizeof *values);
    if (values == NULL) return -1;
    pids->values = values;
    pids->room = room;
  }
  pids->values[pids->count++] = pid;
  return 0;
}

static int read_pids(int directory, struct pids *pids) {
  int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  FILE *file = fdopen(fd, "r");
  if (file == NULL) {
    (void)close(fd);
    return -1;
  }
  char line[32];
  int result = 0;
  while (result == 0 && fgets(line, sizeof line, file) != NULL) result = add(pids, (int)strtol(line, NULL, 10));
  (void)fclose(file);
  return result;
}

static int read_below(int directory, const char *name, void *context) {
  cleanup_close int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (child < 0) return errno == ENOTDIR || errno == ENOENT || errno == ELOOP ? 0 : -1;
  return read_pids(child, context) < 0 ? -1 : tree_for_each(child, read_below, context);
}

static bool contains(const struct pids *pids, int pid) {
  for (size_t i = 0; i < pids->count; i++) {
    if (pids->values[i] == pid) return true;
  }
  return false;
}

/* Returns how many processes were not there yet, or -1 with errno. */
static int move_once(int unified, int legacy, struct pids *from, struct pids *to) {
  char text[16];
  int moved = 0;
  from->count = to->count = 0;
  if (read_pids(unified, from) < 0 || tree_for_each(unified, read_below, from) < 0 || read_pids(legacy, to) < 0)
    return -1;
  for (size_t i = 0; i < from->count; i++) {
    if (contains(to, from->values[i])) continue;
    (void)snprintf(text, sizeof text, "%d", from->values[i]);
    if (write_text_at(legacy, "cgroup.procs", text) == 0) {
      moved++;
    } else if (errno != ESRCH) {
      return -1;
    }
  }
  return moved;
}

int cgroup_move_processes(int unified, int legacy) {
  struct pids from = {0};
  struct pids to = {0};
  int moved = 1;
  for (int pass = 0; pass < PASSES_MAX && moved > 0; pass++) moved = move_once(unified, legacy, &from, &to);
  int error = errno;
  free(from.values);
  free(to.values);
  errno = moved > 0 ? EAGAIN : error;
  return moved == 0 ? 0 : -1;
}
