/*
 * The floor of a container's start: the kernel work of Docker's defaults and nothing else, for the benchmark to measure engines
 * against. It has no state, no log, no supervisor and no safety: it trusts its root file system.
 *
 *   floor network BRIDGE TABLE             makes a bridge and its packet filter
 *   floor remove BRIDGE TABLE              removes them
 *   floor run OPTIONS -- COMMAND...        runs a container
 *   floor serve OPTIONS -- COMMAND...      runs a container for each line of stdin, and answers with nanoseconds: until exec, until
 *                                          exit, until cleaned up
 *     --layer DIR     a layer, uppermost first; repeated
 *     --scratch DIR   where the writable layers go
 *     --cgroup DIR    a cgroup2 directory, below which each container gets its own
 *     --bridge NAME   joins this bridge
 *     --seccomp FILE  loads this filter
 */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "network.h"
#include "syscalls.h"

enum { FILTER_SIZE = 4096, SUBNET_BITS = 16 };

#define SUBNET "10.213"
#define GATEWAY SUBNET ".0.1"

static const uint64_t NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

/* One container: what has to be removed, and when things happened. */
struct container {
  struct floor_paths paths;
  char directory[224];
  char cgroup[224];
  char host_name[16];
  char address[16];
  uint64_t start;
  uint64_t executed;
  uint64_t exited;
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int create_file(const char *path) {
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  return fd < 0 ? -1 : close(fd);
}

static int create_files(const struct floor_plan *plan, struct container *container, unsigned int number,
                        struct failure *failure) {
  static const char *const names[FLOOR_FILES] = {"resolv.conf", "hostname", "hosts"};
  struct floor_paths *paths = &container->paths;
  const char *directory = container->directory;
  snprintf(container->directory, sizeof container->directory, "%s/%d-%u", plan->scratch, getpid(), number);
  snprintf(paths->root, sizeof paths->root, "%s/root", directory);
  snprintf(paths->upper, sizeof paths->upper, "%s/upper", directory);
  snprintf(paths->work, sizeof paths->work, "%s/work", directory);
  if (mkdir(directory, 0700) < 0 || mkdir(paths->root, 0755) < 0 || mkdir(paths->upper, 0755) < 0 || mkdir(paths->work, 0755) < 0)
    return fail(failure, "state", errno, "create %s", directory);
  for (size_t i = 0; i < FLOOR_FILES; i++) {
    snprintf(paths->files[i], sizeof paths->files[i], "%s/%s", directory, names[i]);
    if (create_file(paths->files[i]) < 0) return fail(failure, "state", errno, "create %s", paths->files[i]);
  }
  return 0;
}

/* A directory descriptor of the container's own cgroup, -1 without one. */
static int create_cgroup(const struct floor_plan *plan, struct container *container, unsigned int number,
                         struct failure *failure) {
  if (!plan->cgroup) return -1;
  snprintf(container->cgroup, sizeof container->cgroup, "%s/%d-%u", plan->cgroup, getpid(), number);
  if (mkdir(container->cgroup, 0755) < 0) return fail(failure, "cgroup", errno, "create %s", container->cgroup);
  return open(container->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int attach_network(const struct floor_plan *plan, struct container *container, pid_t pid, struct failure *failure) {
  Berth__Native__V1__NetworkInterface interface = BERTH__NATIVE__V1__NETWORK_INTERFACE__INIT;
  unsigned int unique = (unsigned int)(getpid() + pid);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  cleanup_close int target = open(path, O_RDONLY | O_CLOEXEC);
  if (target < 0) return fail(failure, "network", errno, "open %s", path);
  snprintf(container->host_name, sizeof container->host_name, "fl%08x", unique);
  snprintf(container->address, sizeof container->address, SUBNET ".%u.%u", unique >> 8 & 0xff, 2 + unique % 250);
  interface.host_name = container->host_name;
  interface.name = "eth0";
  interface.bridge = (char *)plan->bridge;
  interface.address = container->address;
  interface.prefix_length = SUBNET_BITS;
  interface.gateway = GATEWAY;
  return network_attach(&interface, target, failure);
}

/* Runs in the child; tells a failure through the pipe, which closes by itself when the command is executed. */
static void run_child(const struct floor_plan *plan, const struct container *container, int ready, int told) {
  struct failure failure;
  if (!plan->bridge && network_loopback_up(&failure) < 0) _exit(1);
  (void)floor_init(plan, &container->paths, ready, &failure);
  ssize_t written = write(told, &failure, sizeof failure);
  _exit(written < 0 ? 2 : 1);
}

static int await_exec(int told, struct failure *failure) {
  ssize_t size = read(told, failure, sizeof *failure);
  return size == 0 ? 0 : -1;
}

static int await_exit(int pidfd, struct failure *failure) {
  siginfo_t information;
  if (waitid(P_PIDFD, (id_t)pidfd, &information, WEXITED) < 0) return fail(failure, "wait", errno, "wait for the command");
  return information.si_code == CLD_EXITED ? 0 : fail(failure, "wait", 0, "a signal ended the command");
}

static int start(const struct floor_plan *plan, struct container *container, int cgroup, struct failure *failure) {
  int pidfd_number = -1;
  int ready[2];
  int told[2];
  struct clone_args arguments = {.flags = NAMESPACES | CLONE_PIDFD, .exit_signal = SIGCHLD};
  arguments.pidfd = (uint64_t)(uintptr_t)&pidfd_number;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (unsigned int)cgroup;
  }
  if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0) return fail(failure, "pipe", errno, "create it");
  pid_t pid = sys_clone3(&arguments);
  if (pid == 0) run_child(plan, container, ready[0], told[1]);
  cleanup_close int pidfd = pidfd_number;
  cleanup_close int ready_end = ready[1];
  cleanup_close int told_end = told[0];
  close(ready[0]);
  close(told[1]);
  if (pid < 0) return fail(failure, "clone", errno, "create the container");
  if (plan->bridge && attach_network(plan, container, pid, failure) < 0) return -1;
  if (write(ready_end, "r", 1) != 1 || await_exec(told_end, failure) < 0) return -1;
  container->executed = now();
  return await_exit(pidfd, failure);
}

static void remove_path(const char *directory, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s%s", directory, name);
  (void)remove(path);
}

/* The veth goes with its namespace. */
static void clean_up(const struct container *container) {
  static const char *const paths[] = {"/upper/etc/resolv.conf",
                                      "/upper/etc/hostname",
                                      "/upper/etc/hosts",
                                      "/upper/etc",
                                      "/upper/proc",
                                      "/upper/dev",
                                      "/upper/sys",
                                      "/upper",
                                      "/work/work",
                                      "/work",
                                      "/root",
                                      "/resolv.conf",
                                      "/hostname",
                                      "/hosts",
                                      ""};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
    remove_path(container->directory, paths[i]);
  if (container->cgroup[0]) (void)rmdir(container->cgroup);
}

static int run_once(const struct floor_plan *plan, unsigned int number, bool verbose, struct failure *failure) {
  struct container container = {.start = now()};
  int result = create_files(plan, &container, number, failure);
  if (result == 0) {
    cleanup_close int cgroup = create_cgroup(plan, &container, number, failure);
    result = cgroup < 0 && plan->cgroup ? -1 : start(plan, &container, cgroup, failure);
    container.exited = now();
  }
  clean_up(&container);
  if (result == 0 && verbose)
    printf("%lu %lu %lu\n", container.executed - container.start, container.exited - container.start, now() - container.start);
  return result;
}

static int read_filter(const char *path, struct sock_fprog *program) {
  static struct sock_filter instructions[FILTER_SIZE];
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, instructions, sizeof instructions);
  if (size <= 0) return -1;
  program->len = (unsigned short)((size_t)size / sizeof instructions[0]);
  program->filter = instructions;
  return 0;
}

static int complain(const struct failure *failure) {
  fprintf(stderr, "floor: %s: %s: %s\n", failure->step, failure->detail, strerror(failure->error));
  return 1;
}

/* Returns the index of the command, 0 when the options are wrong. */
static int read_options(int argc, char **argv, struct floor_plan *plan) {
  int i = 2;
  for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
    const char *name = argv[i];
    const char *value = argv[i + 1];
    if (strcmp(name, "--layer") == 0 && plan->layer_count < FLOOR_LAYERS)
      plan->layers[plan->layer_count++] = value;
    else if (strcmp(name, "--scratch") == 0)
      plan->scratch = value;
    else if (strcmp(name, "--cgroup") == 0)
      plan->cgroup = value;
    else if (strcmp(name, "--bridge") == 0)
      plan->bridge = value;
    else if (strcmp(name, "--seccomp") == 0 && read_filter(value, &plan->seccomp) == 0)
      continue;
    else
      return 0;
  }
  return i + 1 < argc && plan->scratch && plan->layer_count > 0 ? i + 1 : 0;
}

static int run(int argc, char **argv, bool serve) {
  struct floor_plan plan = {0};
  struct failure failure;
  char line[16];
  int command = read_options(argc, argv, &plan);
  if (command == 0) return 2;
  plan.arguments = argv + command;
  if (!serve) return run_once(&plan, 0, false, &failure) < 0 ? complain(&failure) : 0;
  for (unsigned int i = 0; fgets(line, sizeof line, stdin); i++) {
    if (run_once(&plan, i, true, &failure) < 0) return complain(&failure);
    fflush(stdout);
  }
  return 0;
}

static int make_network(char **argv) {
  Berth__Native__V1__EnsureNetwork network = BERTH__NATIVE__V1__ENSURE_NETWORK__INIT;
  struct failure failure;
  network.bridge = argv[2];
  network.address = GATEWAY;
  network.prefix_length = SUBNET_BITS;
  network.table = argv[3];
  return network_ensure(&network, &failure) < 0 ? complain(&failure) : 0;
}

static int remove_network(char **argv) {
  Berth__Native__V1__RemoveNetwork network = BERTH__NATIVE__V1__REMOVE_NETWORK__INIT;
  struct failure failure;
  network.bridge = argv[2];
  network.table = argv[3];
  return network_remove(&network, &failure) < 0 ? complain(&failure) : 0;
}

int main(int argc, char **argv) {
  int result = 2;
  bool serve = argc > 2 && strcmp(argv[1], "serve") == 0;
  if (serve || (argc > 2 && strcmp(argv[1], "run") == 0))
    result = run(argc, argv, serve);
  else if (argc == 4 && strcmp(argv[1], "network") == 0)
    result = make_network(argv);
  else if (argc == 4 && strcmp(argv[1], "remove") == 0)
    result = remove_network(argv);
  if (result == 2) fputs("usage: floor network BRIDGE TABLE | remove BRIDGE TABLE | run|serve OPTIONS -- COMMAND...\n", stderr);
  return result;
}
