#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "syscalls.h"

/*
 * Given every time, because the kernel's defaults are a build option of each distribution: no feature that leaves an
 * xattr which a later commit or a newer mount would trip over. https://docs.kernel.org/filesystems/overlayfs.html
 */
static const char *const OPTIONS[][2] = {
    {"index", "off"}, {"metacopy", "off"}, {"redirect_dir", "nofollow"}, {"xino", "off"}};
static const char OPTIONS_TEXT[] = "index=off,metacopy=off,redirect_dir=nofollow,xino=off";

static int set(int context, const char *key, const char *value, struct failure *failure) {
  if (fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) == 0) return 0;
  return fail(failure, "overlay", errno, "%s=%.150s", key, value);
}

/* fsconfig takes values of at most 255 bytes. */
static bool fits_fsconfig(const rootfs_plan *rootfs) {
  return strlen(rootfs->upper_dir) <= 255 && strlen(rootfs->work_dir) <= 255;
}

/* The writable layer's directories: by path, or by descriptor where that is not -1. */
struct writable {
  const char *upper;
  const char *work;
  int upper_fd;
  int work_fd;
};

static int set_directory(int context, const char *key, const char *path, int fd, struct failure *failure) {
  if (fd < 0) return set(context, key, path, failure);
  if (fsconfig(context, FSCONFIG_SET_FD, key, NULL, fd) == 0) return 0;
  return fail(failure, "overlay", errno, "%s=%.150s", key, path);
}

/* The layers are names in the working directory. Returns the detached mount, or -1 with the failure. */
static int make_detached(const rootfs_plan *rootfs, const struct writable *writable, struct failure *failure) {
  cleanup_close int context = fsopen("overlay", FSOPEN_CLOEXEC);
  if (context < 0) return fail(failure, "overlay", errno, "fsopen overlay");
  if (set(context, "source", "overlay", failure) < 0) return -1;
  for (size_t i = 0; i < rootfs->n_lower_dirs; i++) {
    if (set(context, "lowerdir+", rootfs->lower_dirs[i], failure) < 0) return -1;
  }
  if (set_directory(context, "upperdir", writable->upper, writable->upper_fd, failure) < 0) return -1;
  if (set_directory(context, "workdir", writable->work, writable->work_fd, failure) < 0) return -1;
  for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
    if (set(context, OPTIONS[i][0], OPTIONS[i][1], failure) < 0) return -1;
  }
  if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
    return fail(failure, "overlay", errno, "create the superblock");
  }
  int mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
  return mount >= 0 ? mount : fail(failure, "overlay", errno, "fsmount");
}

int overlay_attach(const rootfs_plan *rootfs, int mount, struct failure *failure) {
  if (move_mount(mount, "", AT_FDCWD, rootfs->layers_dir, MOVE_MOUNT_F_EMPTY_PATH) == 0 && fchdir(mount) == 0) return 0;
  /* Not EINVAL, which would have it tried another way. */
  return fail(failure, "overlay", errno == EINVAL ? EIO : errno, "attach the root to %.180s", rootfs->layers_dir);
}

static int mount_detached(const rootfs_plan *rootfs, struct failure *failure) {
  const struct writable writable = {rootfs->upper_dir, rootfs->work_dir, -1, -1};
  cleanup_close int mount = make_detached(rootfs, &writable, failure);
  return mount < 0 || overlay_attach(rootfs, mount, failure) < 0 ? -1 : take_fd(&mount);
}

static int open_below(int storage, const char *storage_dir, const char *path, struct failure *failure) {
  int fd = openat(storage, plan_path_below(storage_dir, path), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd >= 0 ? fd : fail(failure, "overlay", errno, "open %.200s", path);
}

int overlay_make_mapped(const rootfs_plan *rootfs, const char *storage_dir, int storage, struct failure *failure) {
  cleanup_close int layers = open_below(storage, storage_dir, rootfs->layers_dir, failure);
  if (layers < 0) return -1;
  cleanup_close int upper = open_below(storage, storage_dir, rootfs->upper_dir, failure);
  if (upper < 0) return -1;
  cleanup_close int work = open_below(storage, storage_dir, rootfs->work_dir, failure);
  if (work < 0) return -1;
  const struct writable writable = {rootfs->upper_dir, rootfs->work_dir, upper, work};
  if (fchdir(layers) < 0) return fail(failure, "overlay", errno, "enter %.200s", rootfs->layers_dir);
  int mount = make_detached(rootfs, &writable, failure);
  if (chdir("/") == 0) return mount;
  close_fd(&mount);
  return fail(failure, "overlay", errno, "leave %.200s", rootfs->layers_dir);
}

/* For older kernels: one page of options, the layers by their names relative to the working directory. */
static int mount_by_options(const rootfs_plan *rootfs, struct failure *failure) {
  char options[4096];
  if (strpbrk(rootfs->upper_dir, ",:\\") != NULL || strpbrk(rootfs->work_dir, ",:\\") != NULL) {
    return fail(failure, "overlay", EINVAL, "a directory has a comma, colon or backslash in its name: %.128s",
                rootfs->upper_dir);
  }
  size_t at = 0;
  for (size_t i = 0; i < rootfs->n_lower_dirs && at < sizeof options; i++) {
    at +=
        (size_t)snprintf(options + at, sizeof options - at, "%s%s", i == 0 ? "lowerdir=" : ":", rootfs->lower_dirs[i]);
  }
  if (at < sizeof options) {
    at += (size_t)snprintf(options + at, sizeof options - at, ",upperdir=%s,workdir=%s,%s", rootfs->upper_dir,
                           rootfs->work_dir, OPTIONS_TEXT);
  }
  if (at >= sizeof options)
    return fail(failure, "overlay", E2BIG, "too many layers for this kernel: %zu", rootfs->n_lower_dirs);
  if (mount("overlay", ".", "overlay", 0, options) < 0) return fail(failure, "overlay", errno, "mount overlay");
  /* The working directory still is what the mount covers. */
  if (chdir(rootfs->layers_dir) < 0) return fail(failure, "overlay", errno, "enter the root");
  int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root >= 0 ? root : fail(failure, "overlay", errno, "open the root");
}

int overlay_mount(const rootfs_plan *rootfs, struct failure *failure) {
  if (chdir(rootfs->layers_dir) < 0) return fail(failure, "overlay", errno, "enter %.200s", rootfs->layers_dir);
  if (!fits_fsconfig(rootfs)) return mount_by_options(rootfs, failure);
  int root = mount_detached(rootfs, failure);
  /* Before 6.5 overlayfs does not know `lowerdir+`, and says so as late as when the superblock is created. */
  return root < 0 && failure->error == EINVAL ? mount_by_options(rootfs, failure) : root;
}
