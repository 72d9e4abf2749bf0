/* 127.0.0.11, as a process in a control group and a network namespace meets it. Each namespace has a server on an address of its loopback. */
#include "loopback_resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "network.h"
#include "tap.h"

enum { WAIT_MS = 5000 };

#define SERVER "127.9.9.9"
#define OTHER "127.8.8.8"

static struct failure failure;
static struct loopback_resolver resolver = LOOPBACK_RESOLVER_NONE;
static char parent[] = "/sys/fs/cgroup/unified/berth-XXXXXX";
static char parent_of_v2[] = "/sys/fs/cgroup/berth-XXXXXX";
static const char *cgroup;

static bool succeeded(int result) {
  if (result < 0) printf("# %s: %s: %s\n", failure.step, failure.detail, strerror(failure.error));
  return result == 0;
}

static bool join(void) {
  char path[96];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool joined = fd >= 0 && write(fd, "0", 1) == 1;
  if (fd >= 0) close(fd);
  return joined;
}

static struct sockaddr_in address4(const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

static struct sockaddr_in6 address6(const char *text) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return address;
}

static int bound(int type, const char *at) {
  struct sockaddr_in address = address4(at);
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0)) return -1;
  return fd;
}

/* Sends an answer to what a server's socket has received. */
static bool answer(int server) {
  char text[8];
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  struct pollfd ready = {.fd = server, .events = POLLIN};
  if (poll(&ready, 1, WAIT_MS) != 1) return false;
  ssize_t received = recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &size);
  return received > 0 && sendto(server, text, (size_t)received, 0, (const struct sockaddr *)&from, size) == received;
}

/* Asks as musl does, by a socket that is not connected. Returns where the answer came from, "" when none did. */
static const char *ask(int server, const char *at) {
  static char source[INET_ADDRSTRLEN];
  char text[8];
  struct sockaddr_in to = address4(at);
  struct sockaddr_in from = {0};
  socklen_t size = sizeof from;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  source[0] = '\0';
  if (sendto(fd, "ask", 3, 0, (const struct sockaddr *)&to, sizeof to) == 3 && answer(server) &&
      recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &size) == 3)
    inet_ntop(AF_INET, &from.sin_addr, source, sizeof source);
  close(fd);
  return source;
}

/* Asks as glibc does, by one that is. */
static bool ask_connected(int server, const char *at) {
  char text[8];
  struct sockaddr_in to = address4(at);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool answered = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 && send(fd, "ask", 3, 0) == 3 && answer(server) &&
                  recv(fd, text, sizeof text, 0) == 3;
  close(fd);
  return answered;
}

/* Asks as Java does, by sockets of both families. */
static bool ask_mapped(int server, const char *at, bool connected) {
  char text[8];
  char source[INET6_ADDRSTRLEN] = "";
  struct sockaddr_in6 to = address6(at);
  struct sockaddr_in6 from = {0};
  socklen_t size = sizeof from;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool sent = connected ? connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 && send(fd, "ask", 3, 0) == 3
                        : sendto(fd, "ask", 3, 0, (const struct sockaddr *)&to, sizeof to) == 3;
  bool answered = sent && answer(server) && recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &size) == 3;
  inet_ntop(AF_INET6, &from.sin6_addr, source, sizeof source);
  close(fd);
  return answered && strcmp(source, at) == 0;
}

static bool reaches(int family, const void *address, socklen_t size) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool reached = connect(fd, address, size) == 0;
  close(fd);
  return reached;
}

static bool reaches4(const char *at) {
  struct sockaddr_in to = address4(at);
  return reaches(AF_INET, &to, sizeof to);
}

static bool reaches6(const char *at) {
  struct sockaddr_in6 to = address6(at);
  return reaches(AF_INET6, &to, sizeof to);
}

/* A network namespace of our own from here on. Returns it. */
static int enter_new_network(void) {
  if (unshare(CLONE_NEWNET) < 0 || network_loopback_up(&failure) < 0) return -1;
  return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static bool lead(int network, const char *server) {
  return succeeded(loopback_resolver_lead(&resolver, network, getpid(), server, &failure));
}

/* Runs in the control group. */
static void check_answers(void) {
  int network = enter_new_network();
  int datagrams = bound(SOCK_DGRAM, SERVER);
  int streams = bound(SOCK_STREAM, SERVER);
  check(network >= 0 && datagrams >= 0 && streams >= 0 && !reaches4("127.0.0.11"), "without a server nobody is led anywhere");
  check(lead(network, SERVER), "a network namespace gets a server");
  check(strcmp(ask(datagrams, "127.0.0.11"), "127.0.0.11") == 0, "who asks by sendto has the answer from where it asked");
  check(strcmp(ask(datagrams, SERVER), SERVER) == 0, "who asks the server itself has it from there");
  check(ask_connected(datagrams, "127.0.0.11"), "a connected socket has an answer");
  check(ask_mapped(datagrams, "::ffff:127.0.0.11", false) && ask_mapped(datagrams, "::ffff:127.0.0.11", true),
        "sockets of IPv6 have one, from where they asked");
  check(ask_mapped(datagrams, "::ffff:" SERVER, false), "or from the server itself");
  check(reaches4("127.0.0.11") && reaches6("::ffff:127.0.0.11"), "a stream is led to the server");
  int own = bound(SOCK_DGRAM, "127.0.0.11");
  check(own >= 0 && ask_connected(datagrams, "127.0.0.11"), "the address stays free for others to bind");
  close(own);
  check(!ask_connected(datagrams, "127.0.0.12") && !reaches4("127.0.0.12"), "its neighbour is not led anywhere");
  int other = bound(SOCK_DGRAM, OTHER);
  check(lead(network, OTHER) && ask_connected(other, "127.0.0.11"), "another server takes its place");
  check(lead(network, "") && lead(network, "") && !reaches4("127.0.0.11"), "and none is led anywhere again");
  check(loopback_resolver_lead(&resolver, network, getpid(), "fd00::1", &failure) == -1, "a server of IPv6 is refused");
}

static void check_other_network(void) {
  int network = enter_new_network();
  check(bound(SOCK_STREAM, SERVER) >= 0 && lead(network, SERVER) && reaches4("127.0.0.11"), "a second namespace has a server");
  check(unshare(CLONE_NEWNET) == 0 && network_loopback_up(&failure) == 0 && bound(SOCK_STREAM, SERVER) >= 0 && !reaches4("127.0.0.11"),
        "which is none of a third one's");
}

/* The next spawner finds what the last one has left. */
static void check_restart(int directory) {
  int network = enter_new_network();
  struct loopback_resolver next = LOOPBACK_RESOLVER_NONE;
  check(bound(SOCK_STREAM, SERVER) >= 0 && lead(network, SERVER), "a third namespace has a server");
  loopback_resolver_close(&resolver);
  check(reaches4("127.0.0.11"), "it keeps it while no spawner runs");
  check(succeeded(loopback_resolver_open(&next, directory, &failure)) && reaches4("127.0.0.11"), "and with the next one");
  resolver = next;
  check(lead(network, "") && !reaches4("127.0.0.11"), "which can take it away");
}

static uint32_t programs_of(int directory, enum bpf_attach_type type) {
  union bpf_attr attributes = {0};
  attributes.query.target_fd = (uint32_t)directory;
  attributes.query.attach_type = type;
  syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes);
  return attributes.query.prog_cnt;
}

/* Entries until there is no room: those of processes that have ended give theirs up. */
static bool fill(int ended_pid) {
  for (uint64_t key = 1; key < 200000; key++) {
    uint32_t value[2] = {0, (uint32_t)ended_pid};
    uint64_t number = key << 40;
    union bpf_attr attributes = {0};
    attributes.map_fd = (uint32_t)resolver.servers;
    attributes.key = (uint64_t)(uintptr_t)&number;
    attributes.value = (uint64_t)(uintptr_t)value;
    if (syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attributes, sizeof attributes) < 0) return errno == E2BIG;
  }
  return false;
}

static void check_room(void) {
  int network = enter_new_network();
  pid_t ended = fork();
  if (ended == 0) _exit(0);
  waitpid(ended, NULL, 0);
  check(fill(ended), "the map fills up");
  check(bound(SOCK_STREAM, SERVER) >= 0 && lead(network, SERVER) && reaches4("127.0.0.11"), "what has ended makes room for what begins");
}

int main(void) {
  cgroup = access("/sys/fs/cgroup/unified", F_OK) == 0 ? mkdtemp(parent) : mkdtemp(parent_of_v2);
  int directory = cgroup ? open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (directory < 0) return 2;
  check(succeeded(loopback_resolver_open(&resolver, directory, &failure)), "the programs are loaded and attached");
  /* A child, so that the group is empty afterwards; what it says and counts is the test's. */
  fflush(stdout);
  pid_t process = fork();
  if (process == 0) {
    if (!join()) _exit(99);
    check_answers();
    check_other_network();
    check_restart(directory);
    check(programs_of(directory, BPF_CGROUP_INET4_CONNECT) == 1 && programs_of(directory, BPF_CGROUP_UDP6_RECVMSG) == 1,
          "they are attached once");
    check_room();
    exit(done());
  }
  int status = -1;
  waitpid(process, &status, 0);
  loopback_resolver_close(&resolver);
  close(directory);
  rmdir(cgroup);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
