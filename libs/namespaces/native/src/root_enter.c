#include "root_enter.h"

#include <errno.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mounts.h"
#include "syscalls.h"

/* pivot_root(".", ".") stacks the old root on the new one, from where it is detached: no directory for it is needed. */
int root_enter(int root, bool readonly, struct failure *failure) {
  if (fchdir(root) < 0) return fail(failure, "pivot", errno, "enter the root");
  if (sys_pivot_root(".", ".") < 0) return fail(failure, "pivot", errno, "pivot_root");
  if (umount2(".", MNT_DETACH) < 0) return fail(failure, "pivot", errno, "leave the host's root");
  if (chdir("/") < 0) return fail(failure, "pivot", errno, "enter /");
  if (readonly && mount_set(root, MOUNT_ATTR_RDONLY, false) < 0) {
    return fail(failure, "pivot", errno, "make the root read-only");
  }
  return 0;
}
