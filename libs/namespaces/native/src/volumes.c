#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "loop.h"
#include "mounts.h"
#include "root.h"
#include "target.h"

static bool is_file(const char *path) {
  struct stat status;
  return path[0] == '/' && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool is_read_only(const volume_plan *plan) {
  for (size_t i = 0; i < plan->n_options; i++) {
    if (strcmp(plan->options[i], "ro") == 0) return true;
  }
  return false;
}

static int make_of(const mount_plan *plan, const char *device) {
  const volume_plan *volume = plan->volume;
  return mount_filesystem_of(volume->type, device, volume->options, volume->n_options, plan->attributes);
}

static int make(const mount_plan *plan, struct failure *failure) {
  const volume_plan *volume = plan->volume;
  char name[LOOP_NAME_MAX];
  cleanup_close int loop = -1;
  const char *device = volume->device;
  if (is_file(device)) {
    loop = loop_open(device, is_read_only(volume), name);
    if (loop < 0) return fail(failure, "mount", errno, "make a loop device of %.200s", device);
    device = name;
  }
  int mount = make_of(plan, device);
  return mount >= 0 ? mount : fail(failure, "mount", errno, "mount %.150s as %.32s", volume->device, volume->type);
}

/* The peer's own root is the root there: nothing that it may have made of its path leads out of its file system. */
static int clone_there(int namespace, int home, const char *path) {
  if (setns(namespace, CLONE_NEWNS) < 0) return -1;
  cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  cleanup_close int place = root < 0 ? -1 : root_open(root, path, O_PATH);
  int mount = place < 0 ? -1 : mount_clone(place, false);
  int error = errno;
  if (setns(home, CLONE_NEWNS) < 0) close_fd(&mount);
  errno = error;
  return mount;
}

/* What the peer has there; -1 with ESRCH when it runs no more. */
static int clone_of_peer(const volume_plan *plan, const struct host *host, struct failure *failure) {
  struct target target = TARGET_NONE;
  if (target_open(&target, plan->peer_state_dir, host, failure) < 0) return -1;
  cleanup_close int home = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
  int mount = home < 0 ? -1 : clone_there(target.pidfd, home, plan->peer_path);
  if (mount >= 0 && mount_clear(mount) < 0) close_fd(&mount);
  if (mount < 0) (void)fail(failure, "mount", errno, "open %.200s of the container that has it", plan->peer_path);
  target_close(&target);
  return mount;
}

static int open_whole(const mount_plan *plan, const struct host *host, struct failure *failure) {
  if (plan->volume->peer_state_dir[0] == '\0') return make(plan, failure);
  int mount = clone_of_peer(plan->volume, host, failure);
  return mount < 0 && failure->error == ESRCH ? make(plan, failure) : mount;
}

static int open_volume(const mount_plan *plan, const struct host *host, struct failure *failure) {
  cleanup_close int whole = open_whole(plan, host, failure);
  if (whole < 0 || plan->volume->subpath[0] == '\0') return take_fd(&whole);
  return mount_open_part(whole, plan->volume->subpath, failure);
}

int volumes_open(struct volumes *volumes, mount_plan *const *mounts, size_t count, const struct host *host,
                 struct failure *failure) {
  for (size_t i = 0; i < count; i++) {
    volumes->fds[i] = -1;
    volumes->count = i + 1;
    if (mounts[i]->source_case != BERTH__NATIVE__V1__MOUNT__SOURCE_VOLUME) continue;
    volumes->fds[i] = open_volume(mounts[i], host, failure);
    if (volumes->fds[i] < 0) return -1;
  }
  return 0;
}

void volumes_close(struct volumes *volumes) {
  for (size_t i = 0; i < volumes->count; i++) close_fd(&volumes->fds[i]);
  volumes->count = 0;
}
