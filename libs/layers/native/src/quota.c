#include "quota.h"

#include "cleanup.h"
#include "report.h"
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

/* Administrators count from 1; these are far from theirs, and positive for whoever takes them for an int. */
#define FIRST_PROJECT (1U << 30)
#define PROJECT_ATTEMPTS 64

/* Whether the file system refuses what exceeds a project's limit; one that only counts does not help. */
static bool enforces_limits(int fd) {
  struct fs_quota_statv state = {.qs_version = FS_QSTATV_VERSION1};

  return sys_quotactl_fd(fd, QCMD(Q_XGETQSTATV, PRJQUOTA), 0, &state) == 0 && (state.qs_flags & FS_QUOTA_PDQ_ENFD) != 0;
}

static int get_quota(int fd, uint32_t project, struct if_dqblk *quota, struct layer_error *error) {
  memset(quota, 0, sizeof(*quota));
  if (sys_quotactl_fd(fd, QCMD(Q_GETQUOTA, PRJQUOTA), project, quota) == 0) return 0;
  /* XFS has no record of a project that nobody uses. */
  return errno == ENOENT ? 0 : fail_errno(error, "quota", "cannot read the quota of project %u", project);
}

static int set_limit(int fd, uint32_t project, uint64_t bytes, struct layer_error *error) {
  struct if_dqblk quota = {.dqb_bhardlimit = (bytes + QIF_DQBLKSIZE - 1) / QIF_DQBLKSIZE, .dqb_valid = QIF_BLIMITS};

  if (sys_quotactl_fd(fd, QCMD(Q_SETQUOTA, PRJQUOTA), project, &quota) == 0) return 0;
  return fail_errno(error, "quota", "cannot set the quota of project %u", project);
}

/* One that has no file and no limit. Drawn of a billion, so that two who look at once do not find the same. */
static int find_project(int fd, uint32_t *project, struct layer_error *error) {
  for (int attempt = 0; attempt < PROJECT_ATTEMPTS; attempt++) {
    struct if_dqblk quota;
    uint32_t number = 0;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
      return fail_errno(error, "quota", "cannot draw a project");
    *project = FIRST_PROJECT + number % FIRST_PROJECT;
    if (get_quota(fd, *project, &quota, error) < 0) return -1;
    if (quota.dqb_curspace == 0 && quota.dqb_curinodes == 0 && quota.dqb_bhardlimit == 0 && quota.dqb_ihardlimit == 0 &&
        quota.dqb_bsoftlimit == 0 && quota.dqb_isoftlimit == 0)
      return 0;
  }
  return fail(error, FAILURE_INTERNAL, "quota", "no project is free");
}

static int get_project(int fd, struct fsxattr *attributes, struct layer_error *error) {
  if (ioctl(fd, FS_IOC_FSGETXATTR, attributes) == 0) return 0;
  return fail_errno(error, "quota", "cannot read the project of the directory");
}

/* The limit is there before the directory is of the project: nothing can be written without one. */
static int limit(int fd, uint64_t bytes, struct layer_error *error) {
  struct fsxattr attributes = {0};

  if (!enforces_limits(fd)) return fail(error, FAILURE_USAGE, "quota", "quota size requested but no quota support");
  if (find_project(fd, &attributes.fsx_projid, error) < 0) return -1;
  if (set_limit(fd, attributes.fsx_projid, bytes, error) < 0) return -1;
  attributes.fsx_xflags = FS_XFLAG_PROJINHERIT;
  if (ioctl(fd, FS_IOC_FSSETXATTR, &attributes) == 0) return 0;
  return fail_errno(error, "quota", "cannot give the directory a project");
}

static int unlimit(int fd, struct layer_error *error) {
  struct fsxattr attributes = {0};

  if (!enforces_limits(fd)) return 0;
  if (get_project(fd, &attributes, error) < 0) return -1;
  return attributes.fsx_projid < FIRST_PROJECT ? 0 : set_limit(fd, attributes.fsx_projid, 0, error);
}

static int usage(int fd, uint64_t *bytes, struct layer_error *error) {
  struct fsxattr attributes = {0};
  struct if_dqblk quota;

  if (get_project(fd, &attributes, error) < 0) return -1;
  if (attributes.fsx_projid < FIRST_PROJECT) return fail(error, FAILURE_NOT_FOUND, "quota", "the directory has no project");
  if (get_quota(fd, attributes.fsx_projid, &quota, error) < 0) return -1;
  *bytes = quota.dqb_curspace;
  return 0;
}

static int open_directory(int count, int wanted, char **arguments, struct layer_error *error) {
  int fd;

  if (count != wanted) return fail(error, FAILURE_USAGE, "options", "wrong number of arguments: see --help");
  fd = open(arguments[2], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) return fd;
  if (errno == ENOENT) return fail(error, FAILURE_NOT_FOUND, "open", "no directory \"%.200s\"", arguments[2]);
  return fail_errno(error, "open", "cannot open \"%.200s\"", arguments[2]);
}

static int tell(int result, const struct layer_error *error) {
  if (result == 0) {
    report_done();
    return 0;
  }
  report_error(error);
  return (int)error->kind;
}

int limit_command(int count, char **arguments) {
  struct layer_error error = {0};
  cleanup_close int fd = open_directory(count, 4, arguments, &error);
  char *end = NULL;
  unsigned long long bytes;

  if (fd < 0) return tell(-1, &error);
  errno = 0;
  bytes = strtoull(arguments[3], &end, 10);
  if (errno != 0 || *end != '\0' || bytes == 0)
    return tell(fail(&error, FAILURE_USAGE, "options", "bad limit \"%.80s\"", arguments[3]), &error);
  return tell(limit(fd, bytes, &error), &error);
}

int unlimit_command(int count, char **arguments) {
  struct layer_error error = {0};
  cleanup_close int fd = open_directory(count, 3, arguments, &error);

  return tell(fd < 0 ? -1 : unlimit(fd, &error), &error);
}

int usage_command(int count, char **arguments) {
  struct layer_error error = {0};
  cleanup_close int fd = open_directory(count, 3, arguments, &error);
  uint64_t bytes = 0;

  if (fd < 0 || usage(fd, &bytes, &error) < 0) return tell(-1, &error);
  report_usage(bytes);
  return 0;
}
