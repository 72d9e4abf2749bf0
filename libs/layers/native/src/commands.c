#include "commands.h"

#include "cleanup.h"
#include "overlay_marks.h"
#include "quota.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

const char commands_usage[] =
    "Usage: berth-layer unpack --layer FILE|- --target DIR [OPTIONS]\n"
    "       berth-layer changes --upper DIR [BELOW] --output FILE|--stream SOCKET\n"
    "       berth-layer compare --layers DIR [--lowers A:B:C] [--others A:B:C] --output FILE|--stream SOCKET\n"
    "       berth-layer commit --upper DIR [BELOW] --target DIR [OPTIONS]\n"
    "       berth-layer pack --upper DIR --output FILE|--stream SOCKET [OPTIONS]\n"
    "       berth-layer compress --layer FILE --output FILE|--stream SOCKET\n"
    "       berth-layer copy --upper DIR --target DIR\n"
    "       berth-layer stat --pid PID --path PATH [--follow yes]\n"
    "       berth-layer archive --pid PID --path PATH [--follow yes] [--whole yes] --output FILE|--stream SOCKET\n"
    "       berth-layer extract --pid PID --path PATH [--keep-place yes] [--owner UID:GID] --stream SOCKET\n"
    "       berth-layer spread DIR\n"
    "       berth-layer opaque DIR\n"
    "       berth-layer sync DIR\n"
    "       berth-layer limit DIR BYTES\n"
    "       berth-layer unlimit DIR\n"
    "       berth-layer usage DIR\n"
    "       berth-layer serve\n"
    "\n"
    "unpack applies a layer (a tar archive, plain or compressed) to an empty directory, as overlayfs wants it.\n"
    "changes tells what a writable layer changes: a letter of ACD, the path and a NUL for each.\n"
    "compare tells in the same form what makes the others of the lowers.\n"
    "commit makes a layer of a writable layer in an empty directory, and computes its digest.\n"
    "copy copies a directory, with blocks shared where the file system can.\n"
    "pack writes a layer's directory as the archive that it was computed of.\n"
    "compress writes an archive as a gzip file.\n"
    "stat, archive and extract tell what lies at a path of a container (with --root DIR instead of --pid: of a directory), write it as an archive, and unpack one into a directory there.\n"
    "spread tells the file system that what is made in DIR has nothing to do with each other.\n"
    "opaque tells whether DIR hides what the layers below have in it.\n"
    "sync waits until what was written to the file system of DIR is on the disk.\n"
    "limit gives an empty directory a project quota, unlimit takes it away, and usage tells what of it is used.\n"
    "serve runs such commands for another program, each in a process of its own.\n"
    "\n"
    "  --diff-id sha256:HEX     what the uncompressed layer must hash to\n"
    "  --offset N, --length N   the layer is that part of FILE\n"
    "  --size N                 FILE is still being written, to that many bytes: wait for them\n"
    "  --compression KIND       auto (default), none, gzip, zstd; pack writes gzip, or by default none\n"
    "  --max-entries N          refuse a layer with more entries (default 2000000)\n"
    "  --max-bytes N            refuse a layer that inflates to more (default 256 GiB)\n"
    "  --squash yes             commit all layers as one\n"
    "BELOW:\n"
    "  --layers DIR             where the layers below lie\n"
    "  --lowers A:B:C           their names, uppermost first\n"
    "  --mount-points A:B:C     paths that are no change as long as there is nothing in them\n"
    "\n"
    "Prints one JSON object a line: progress, then result or error.\n"
    "Exit status: 0 done, 1 system error, 2 usage, 3 bad layer, 4 digest mismatch, 5 disk full, 6 limit exceeded,\n"
    "7 no such path, 8 something else in the place, 9 read-only.\n";

static int sync_directory(int fd, const char *path, struct layer_error *error) {
  return syncfs(fd) == 0 ? 0 : fail_errno(error, "sync", "cannot sync \"%.200s\"", path);
}

/* ext4's; other file systems have nothing like it, or do not say so. */
static int spread_directory(int fd, const char *path, struct layer_error *error) {
  int flags = 0;

  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_TOPDIR_FL;
    if (ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0) return 0;
  }
  if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EINVAL) return 0;
  return fail_errno(error, "spread", "cannot set a flag of \"%.200s\"", path);
}

static int run_in_directory(int count, char **arguments, int (*task)(int, const char *, struct layer_error *)) {
  struct layer_error error = {0};
  cleanup_close int fd = -1;
  int result;

  if (count != 3) {
    result = fail(&error, FAILURE_USAGE, "options", "%.20s takes one directory", arguments[1]);
  } else {
    fd = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = fd < 0 ? fail_errno(&error, "open", "cannot open \"%.200s\"", arguments[2]) : task(fd, arguments[2], &error);
  }
  if (result == 0) {
    report_done();
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

int sync_command(int count, char **arguments) {
  return run_in_directory(count, arguments, sync_directory);
}

int spread_command(int count, char **arguments) {
  return run_in_directory(count, arguments, spread_directory);
}

static int opaque_command(int count, char **arguments) {
  struct layer_error error = {0};
  cleanup_close int fd = -1;

  if (count != 3) {
    fail(&error, FAILURE_USAGE, "options", "opaque takes one directory");
  } else if ((fd = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
    fail_errno(&error, "open", "cannot open \"%.200s\"", arguments[2]);
  } else {
    report_opaque(overlay_opaque(fd) == OVERLAY_OPAQUE);
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}

int run_command(int count, char **arguments) {
  static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
  } commands[] = {
      {"unpack", unpack_command}, {"changes", changes_command}, {"commit", commit_command},
      {"compare", compare_command},
      {"pack", pack_command},     {"copy", copy_command},            {"sync", sync_command},       {"opaque", opaque_command}, {"stat", stat_command},
      {"archive", archive_command}, {"extract", extract_command}, {"spread", spread_command},
      {"compress", compress_command}, {"limit", limit_command},     {"unlimit", unlimit_command}, {"usage", usage_command},
  };
  struct layer_error error = {0};

  for (size_t i = 0; count > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
    if (strcmp(arguments[1], commands[i].name) == 0) return commands[i].run(count, arguments);
  }
  fail(&error, FAILURE_USAGE, "options", "the first argument must be a command: see --help");
  report_error(&error);
  return (int)error.kind;
}
