#include "loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

/* How often somebody else may take the free device first. */
#define ATTEMPTS 64

static bool is_of(int device, const struct stat *file) {
  struct loop_info64 info;
  if (ioctl(device, LOOP_GET_STATUS64, &info) < 0) return false;
  return info.lo_device == file->st_dev && info.lo_inode == file->st_ino && info.lo_offset == 0 && info.lo_sizelimit == 0;
}

/* Returns a descriptor of the device that the file has; -1 with ENOENT for none. */
static int find(const struct stat *file, bool readonly, char name[LOOP_NAME_MAX]) {
  DIR *devices = opendir("/sys/block");
  if (devices == NULL) return -1;
  int found = -1;
  const struct dirent *entry;
  while (found < 0 && (entry = readdir(devices)) != NULL) {
    if (strncmp(entry->d_name, "loop", 4) != 0) continue;
    if (snprintf(name, LOOP_NAME_MAX, "/dev/%s", entry->d_name) >= LOOP_NAME_MAX) continue;
    found = open(name, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (found >= 0 && !is_of(found, file)) close_fd(&found);
  }
  (void)closedir(devices);
  if (found < 0) errno = ENOENT;
  return found;
}

static int make(const char *path, bool readonly, char name[LOOP_NAME_MAX]) {
  cleanup_close int file = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (file < 0) return -1;
  cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return -1;
  for (int i = 0; i < ATTEMPTS; i++) {
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) return -1;
    (void)snprintf(name, LOOP_NAME_MAX, "/dev/loop%d", number);
    cleanup_close int device = open(name, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (device < 0) return -1;
    const struct loop_config config = {
        .fd = (unsigned)file,
        .info = {.lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? (unsigned)LO_FLAGS_READ_ONLY : 0U)},
    };
    if (ioctl(device, LOOP_CONFIGURE, &config) == 0) return take_fd(&device);
    if (errno != EBUSY) return -1;
  }
  errno = EBUSY;
  return -1;
}

int loop_open(const char *file, bool readonly, char name[LOOP_NAME_MAX]) {
  cleanup_close int lock = open(file, O_RDONLY | O_CLOEXEC);
  struct stat stat;
  /* One at a time: between looking and making nobody else makes one. The device keeps what it is made of open, and so a
   * lock on that. */
  if (lock < 0 || fstat(lock, &stat) < 0 || flock(lock, LOCK_EX) < 0) return -1;
  int device = find(&stat, readonly, name);
  return device >= 0 || errno != ENOENT ? device : make(file, readonly, name);
}
