#include "names.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct layer_error error;

int main(void) {
  char directory[] = "/tmp/berth-XXXXXX";
  cleanup_names struct names names = {0};

  if (!mkdtemp(directory)) return 1;
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(mkdirat(fd, "b", 0700) == 0 && mkdirat(fd, "a", 0700) == 0 && names_add(fd, &names, &error) == 0 && names.count == 2,
        "a directory has names");
  check(strcmp(names.items[0], "a") == 0 && strcmp(names.items[1], "b") == 0, "in the order of their bytes");
  check(names_add(fd, &names, &error) == 0 && names.count == 2, "each once");
  check(unlinkat(fd, "a", AT_REMOVEDIR) == 0 && unlinkat(fd, "b", AT_REMOVEDIR) == 0 && rmdir(directory) == 0 &&
            names_add(fd, &names, &error) == 0 && names.count == 2,
        "one that was removed meanwhile has none");
  close(fd);
  return done();
}
