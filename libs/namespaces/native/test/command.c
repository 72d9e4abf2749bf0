#include "command.h"

#include <string.h>

#include "tap.h"

static bool gives(const char *path, const char *expected) {
  char seen[256] = "";
  char candidate[32];
  while (command_next_candidate(&path, "ls", candidate, sizeof candidate)) {
    strcat(seen, candidate);
    strcat(seen, " ");
  }
  return strcmp(seen, expected) == 0;
}

int main(void) {
  check(gives("/usr/bin:/bin", "/usr/bin/ls /bin/ls "), "each directory is tried in order");
  check(gives("", "./ls "), "an empty path is the working directory");
  check(gives(":/bin:", "./ls /bin/ls ./ls "), "and so is an empty entry");
  check(gives(NULL, ""), "without a path nothing is tried");
  check(gives("/a-directory-with-a-very-long-name-indeed:/bin", "/bin/ls "), "what does not fit is skipped");
  return done();
}
