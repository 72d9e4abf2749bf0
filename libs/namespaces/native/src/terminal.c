#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "mounts.h"
#include "root.h"
#include "sync.h"
#include "syscalls.h"

static int open_master(int directory) {
  cleanup_close int master = sys_openat2(directory, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC,
                                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  struct statfs filesystem;
  struct stat stat;
  if (master < 0 || fstatfs(master, &filesystem) < 0 || fstat(master, &stat) < 0) return -1;
  if (filesystem.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(stat.st_mode) || stat.st_rdev != makedev(5, 2)) {
    errno = ENODEV;
    return -1;
  }
  return take_fd(&master);
}

static int set_size(int master, const Berth__Native__V1__Resize *size) {
  if (size == NULL) return 0;
  const struct winsize window = {.ws_row = (unsigned short)size->rows, .ws_col = (unsigned short)size->columns};
  return ioctl(master, TIOCSWINSZ, &window);
}

int terminal_open(struct child *child, int directory, const process_plan *process, struct failure *failure) {
  cleanup_close int master = open_master(directory);
  if (master < 0) return fail(failure, "terminal", errno, "open ptmx");
  const int unlocked = 0;
  if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) return fail(failure, "terminal", errno, "unlock the terminal");
  if (set_size(master, process->terminal_size) < 0) return fail(failure, "terminal", errno, "set the terminal's size");
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return fail(failure, "terminal", errno, "open the terminal's other end");
  for (int i = 0; i < 3; i++) child->stdio[i] = slave;
  const struct sync_message message = {.kind = SYNC_TERMINAL};
  if (sync_send(child->sync, &message, master) < 0)
    return fail(failure, "terminal", errno, "hand the terminal to the keeper");
  return 0;
}

int terminal_find_devpts(int root, struct failure *failure) {
  cleanup_close int directory = root_open_plain(root, "/dev/pts", O_PATH | O_DIRECTORY);
  struct statfs filesystem;
  if (directory < 0 || fstatfs(directory, &filesystem) < 0) return fail(failure, "terminal", errno, "open /dev/pts");
  if (filesystem.f_type != DEVPTS_SUPER_MAGIC) return fail(failure, "terminal", ENODEV, "/dev/pts is not a devpts");
  return take_fd(&directory);
}

int terminal_bind_console(int root, const struct child *child, struct failure *failure) {
  cleanup_close int target = root_make_target(root, "/dev/console", false);
  if (target < 0) return fail(failure, "terminal", errno, "make /dev/console");
  cleanup_close int clone = mount_clone(child->stdio[0], false);
  if (clone < 0 || mount_move(clone, target) < 0) return fail(failure, "terminal", errno, "bind /dev/console");
  return 0;
}
