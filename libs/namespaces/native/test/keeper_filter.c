/* The keeper's filter in the kernel: what it refuses, and that what a keeper does goes through. */
#include "keeper_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* Added to an errno, to tell it from the exit code of a process that came to grief. */
#define RETURNED 100

/* Runs `body` in a process under the filter. Returns the errno that it returned, -1 when it did not come to that. */
static int under_filter(int (*body)(void)) {
  pid_t child = fork();
  if (child == 0) {
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int code = keeper_filter_load() == 0 ? RETURNED + body() : 1;
    /* Not _exit, before which the sanitizers do what a keeper may not. */
    (void)syscall(SYS_exit_group, code);
  }
  int status = -1;
  (void)waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) >= RETURNED ? WEXITSTATUS(status) - RETURNED : -1;
}

static int error_of(long result) { return result == -1 ? errno : 0; }

static int run_program(void) { return error_of(execl("/bin/true", "true", NULL)); }
static int make_process(void) { return error_of(fork()); }
static int make_socket(void) { return error_of(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int trace(void) { return error_of(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL)); }
static int mount_tmpfs(void) { return error_of(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static int enter_namespace(void) { return error_of(setns(0, 0)); }
static int kill_by_number(void) { return error_of(kill(getppid(), 0)); }
static int fake_input(void) { return error_of(ioctl(0, TIOCSTI, "x")); }
static int map_executable(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}
static int set_size(void) { return error_of(ioctl(-1, TIOCSWINSZ, NULL)); }
static int map_memory(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : error_of(munmap(page, 4096));
}

int main(void) {
  check(under_filter(run_program) == EPERM, "a keeper executes nothing");
  check(under_filter(make_process) == EPERM, "makes no process");
  check(under_filter(make_socket) == EPERM, "makes no socket");
  check(under_filter(trace) == EPERM, "traces nobody");
  check(under_filter(mount_tmpfs) == EPERM, "mounts nothing");
  check(under_filter(enter_namespace) == EPERM, "enters no namespace");
  check(under_filter(kill_by_number) == EPERM, "signals nobody by number");
  check(under_filter(fake_input) == EPERM, "puts no input into a terminal");
  check(under_filter(map_executable) == EPERM, "maps nothing executable");
  check(under_filter(set_size) == EBADF, "sets a terminal's size");
  check(under_filter(map_memory) == 0, "maps memory");
  return done();
}
