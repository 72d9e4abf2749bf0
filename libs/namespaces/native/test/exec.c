#include "exec.h"

#include <string.h>

#include "tap.h"

static bool finds(const char *cgroups, const char *expected) {
  size_t length = 0;
  const char *below = exec_find_below(cgroups, "id", &length);
  if (below == NULL) return expected == NULL;
  return expected != NULL && length == strlen(expected) && strncmp(below, expected, length) == 0;
}

int main(void) {
  check(finds("0::/berth/containers/id/init.scope\n", "init.scope"), "a child of the container's cgroup is found");
  check(finds("3:cpu:/id/no\n0::/x/id/a/b\n1:pids:/id/no\n", "a/b"), "in the line of the cgroup2 tree only");
  check(finds("0::/berth/containers/id\n", NULL), "the cgroup itself is none");
  check(finds("0::/berth/containers/id2/x\n0", NULL), "nor is another of a longer name");
  check(finds("0::/elsewhere\n", NULL) && finds("", NULL) && finds("1:cpu:/id/x\n", NULL), "nor is none");
  check(finds("0::/idid/id/x (deleted)\n", "x (deleted)"), "the name is matched whole");
  return done();
}
