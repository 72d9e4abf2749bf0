#include "commands.h"

#include "cleanup.h"
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const char commands_usage[] =
    "Usage: berth-layer unpack --layer FILE|- --target DIR [OPTIONS]\n"
    "       berth-layer sync DIR\n"
    "       berth-layer serve\n"
    "\n"
    "unpack applies a layer (a tar archive, plain or compressed) to an empty directory, as overlayfs wants it.\n"
    "\n"
    "  --diff-id sha256:HEX     what the uncompressed layer must hash to\n"
    "  --compression KIND       auto (default), none, gzip, zstd\n"
    "  --max-entries N          refuse a layer with more entries (default 2000000)\n"
    "  --max-bytes N            refuse a layer that inflates to more (default 256 GiB)\n"
    "\n"
    "sync waits until what was written to the file system of DIR is on the disk.\n"
    "serve runs such commands for another program, each in a process of its own.\n"
    "\n"
    "Prints one JSON object a line: progress, then result or error.\n"
    "Exit status: 0 done, 1 system error, 2 usage, 3 bad layer, 4 digest mismatch, 5 disk full, 6 limit exceeded.\n";

int sync_command(int count, char **arguments) {
  struct layer_error error = {0};
  cleanup_close int fd = -1;

  if (count != 3) {
    fail(&error, FAILURE_USAGE, "options", "sync takes one directory");
  } else if ((fd = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
    fail_errno(&error, "open", "cannot open \"%.200s\"", arguments[2]);
  } else if (syncfs(fd) != 0) {
    fail_errno(&error, "sync", "cannot sync \"%.200s\"", arguments[2]);
  } else {
    report_synced();
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

int run_command(int count, char **arguments) {
  struct layer_error error = {0};

  if (count > 1 && strcmp(arguments[1], "unpack") == 0) return unpack_command(count, arguments);
  if (count > 1 && strcmp(arguments[1], "sync") == 0) return sync_command(count, arguments);
  fail(&error, FAILURE_USAGE, "options", "the first argument must be unpack, sync or serve");
  report_error(&error);
  return (int)error.kind;
}
