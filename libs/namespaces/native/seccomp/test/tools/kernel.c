/* The default filter, a file named by the first argument, in the kernel: it loads, denies what it must, and ordinary programs run under it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

enum { LOADS = 50 };

static struct sock_filter instructions[BPF_MAXINSNS];
static struct sock_fprog filter = {.filter = instructions};

static bool load(void) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

static long errno_of(long result) {
  return result == -1 ? errno : 0;
}

static int microseconds_since(const struct timespec *start) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  long taken = (now.tv_sec - start->tv_sec) * 1000000 + (now.tv_nsec - start->tv_nsec) / 1000;
  return taken < 255 ? (int)taken : 255;
}

static int load_and_run(int (*body)(void)) {
  struct timespec start;
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (!load()) return 99;
  return body ? body() : microseconds_since(&start);
}

/* Runs `body` in a process under the filter and returns its exit code; without one, the microseconds that the load took. */
static int under_filter(int (*body)(void)) {
  pid_t child = fork();
  if (child == 0) _exit(load_and_run(body));
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int unshare_user(void) {
  return (int)errno_of(unshare(CLONE_NEWUSER));
}

static int mount_tmpfs(void) {
  return (int)errno_of(syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, NULL));
}

static int keyctl_get(void) {
  return (int)errno_of(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static int bpf_call(void) {
  return (int)errno_of(syscall(SYS_bpf, 0, NULL, 0));
}

static int af_alg(void) {
  return (int)errno_of(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int af_alg_with_high_bits(void) {
  return (int)errno_of(syscall(SYS_socket, 0x100000000L | AF_ALG, SOCK_SEQPACKET, 0));
}

static int clone3_call(void) {
  return (int)errno_of(syscall(SYS_clone3, NULL, 0));
}

static int made_up_call(void) {
  return (int)errno_of(syscall(999));
}

static int io_uring(void) {
  return (int)errno_of(syscall(SYS_io_uring_setup, 1, NULL));
}

static int ask_personality(void) {
  return (int)errno_of(personality(0xffffffff));
}

static int clone_user_namespace(void) {
  return (int)errno_of(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int inet_socket(void) {
  return (int)errno_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int shell(void) {
  execl("/bin/busybox", "sh", "-c", "ls / | grep -q etc && cat /proc/self/status | grep -q 'Seccomp:.2' && exit 7", (char *)NULL);
  return 1;
}

#ifdef __x86_64__
/* A call of the 32-bit table. Returns minus the errno. */
static int call_x86(int number) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(0), "c"(0), "d"(0) : "memory");
  return result;
}

static int x86_getpid(void) {
  return call_x86(20) == getpid() ? 0 : 1;
}

static int x86_mount(void) {
  return -call_x86(21);
}

static int x86_clone3(void) {
  return -call_x86(435);
}

static void check_x86(void) {
  check(under_filter(x86_getpid) == 0, "32-bit getpid works");
  check(under_filter(x86_mount) == EPERM, "32-bit mount is refused");
  check(under_filter(x86_clone3) == ENOSYS, "32-bit clone3 does not exist");
}
#else
static void check_x86(void) {}
#endif

/* The least of some loads, each in a fresh process: the rest is the noise of the machine. Microseconds. */
static int load_time(void) {
  int best = 255;
  for (int i = 0; i < LOADS; i++) {
    int taken = under_filter(NULL);
    best = taken < best ? taken : best;
  }
  return best;
}

static bool read_filter(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, instructions, sizeof instructions);
  if (fd >= 0) close(fd);
  filter.len = (unsigned short)((size_t)(size > 0 ? size : 0) / sizeof instructions[0]);
  return filter.len > 0;
}

int main(int argc, char **argv) {
  if (argc < 2 || !read_filter(argv[1])) return 2;
  check(under_filter(unshare_user) == EPERM, "unshare(CLONE_NEWUSER) is refused");
  check(under_filter(clone_user_namespace) == EPERM, "clone(CLONE_NEWUSER) is refused");
  check(under_filter(mount_tmpfs) == EPERM, "mount is refused");
  check(under_filter(keyctl_get) == EPERM, "keyctl is refused");
  check(under_filter(bpf_call) == EPERM, "bpf is refused");
  check(under_filter(io_uring) == EPERM, "io_uring_setup is refused");
  check(under_filter(af_alg) == EPERM, "an AF_ALG socket is refused");
  check(under_filter(af_alg_with_high_bits) == EPERM, "an AF_ALG socket with high bits set is refused");
  check(under_filter(inet_socket) == 0, "an AF_INET socket is not");
  check(under_filter(ask_personality) == 0, "personality tells");
  check(under_filter(clone3_call) == ENOSYS, "clone3 does not exist");
  check(under_filter(made_up_call) == ENOSYS, "a made-up call does not exist");
  check(under_filter(shell) == 7, "a shell and its pipes work");
  check_x86();
  printf("# loading takes %d microseconds\n", load_time());
  return done();
}
