#include "kernel.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "complain.h"

static const struct {
  long number;
  const char *name;
  const char *since;
} CALLS[] = {
    {SYS_clone3, "clone3", "5.3"},
    {SYS_openat2, "openat2", "5.6"},
    {SYS_open_tree, "open_tree", "5.2"},
    {SYS_move_mount, "move_mount", "5.2"},
    {SYS_fsopen, "fsopen", "5.2"},
    {SYS_fsconfig, "fsconfig", "5.2"},
    {SYS_fsmount, "fsmount", "5.2"},
    {SYS_mount_setattr, "mount_setattr", "5.12"},
    {SYS_close_range, "close_range", "5.9"},
    {SYS_pidfd_open, "pidfd_open", "5.3"},
    {SYS_pidfd_send_signal, "pidfd_send_signal", "5.1"},
};

int kernel_check(void) {
  for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
    /* Arguments that no call takes: it fails before it has done anything. */
    if (syscall(CALLS[i].number, -1L, 0L, 0L, 0L, 0L) == -1 && errno == ENOSYS)
      return complain("the kernel is too old: it has no %s, which came with Linux %s (or a filter hides it)",
                      CALLS[i].name, CALLS[i].since);
  }
  return 0;
}
