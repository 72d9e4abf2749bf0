#include "cgroup_note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "io.h"

#define NAME "cgroups"
/* Seventeen paths, and then some. */
#define TEXT_MAX (32U << 10)

static bool has_line(const char *text, const char *path) {
  size_t length = strlen(path);
  for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
    if (strncmp(line, path, length) == 0 && line[length] == '\n') return true;
  }
  return false;
}

static int add(int fd, const char *noted, const char *path) {
  char line[4096 + 2];
  if (path[0] == '\0' || has_line(noted, path)) return 0;
  int length = snprintf(line, sizeof line, "%s\n", path);
  return write_full(fd, line, (size_t)length);
}

int cgroup_note(int state_dir, const cgroup_plan *plan, struct failure *failure) {
  char noted[TEXT_MAX];
  if (read_text_at(state_dir, NAME, noted, sizeof noted) < 0) {
    if (errno != ENOENT) return fail(failure, "cgroup", errno, "read %s", NAME);
    noted[0] = '\0';
  }
  cleanup_close int fd = openat(state_dir, NAME, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  int result = fd < 0 ? -1 : add(fd, noted, plan->unified_dir);
  for (size_t i = 0; i < plan->n_legacy && result == 0; i++) result = add(fd, noted, plan->legacy[i]->dir);
  return result == 0 ? 0 : fail(failure, "cgroup", errno, "write %s", NAME);
}

void cgroup_for_each_noted(int state_dir, void (*visit)(const char *path, void *context), void *context) {
  char noted[TEXT_MAX];
  if (state_dir < 0 || read_text_at(state_dir, NAME, noted, sizeof noted) < 0) return;
  for (char *line = noted, *end = strchr(line, '\n'); end != NULL; line = end + 1, end = strchr(line, '\n')) {
    *end = '\0';
    visit(line, context);
  }
}
