#include "spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "complain.h"
#include "memory.h"
#include "session.h"

#define READY_FORKS 2
/* The socket's name, which must fit into an address behind "/proc/self/fd/<n>/". */
#define NAME_SIZE 64
#define BACKLOG 4096
/* In a burst of starts the next request is here earlier, and waits for nothing. */
#define QUIET_MS 5

struct spawner {
  struct host *host;
  int directory; /* of the socket */
  char name[NAME_SIZE];
  int lock;
  int listener;
  int signals;
  int taken[2]; /* a fork that takes a connection writes its pid here */
  pid_t ready[READY_FORKS];
};

static int open_socket_directory(struct spawner *spawner, const char *path) {
  char directory[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (slash == NULL || slash[1] == '\0' || (size_t)(slash - path) >= sizeof directory ||
      strlen(slash + 1) > NAME_SIZE - 1) {
    return complain("the socket's path must be absolute: %s", path);
  }
  memcpy(directory, path, (size_t)(slash - path));
  directory[slash - path] = '\0';
  (void)snprintf(spawner->name, sizeof spawner->name, "%s", slash + 1);
  spawner->directory = open(directory[0] == '\0' ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return spawner->directory < 0 ? complain_errno("cannot open %s", directory) : 0;
}

/* One spawner a socket: the lock file outlives it, the lock does not. */
static int take_lock(struct spawner *spawner) {
  char name[NAME_SIZE + 8];
  (void)snprintf(name, sizeof name, "%s.lock", spawner->name);
  spawner->lock = openat(spawner->directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (spawner->lock < 0) return complain_errno("cannot create %s", name);
  const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  /* A lock of the process, not of the description: forks do not hold it. */
  if (fcntl(spawner->lock, F_SETLK, &lock) < 0) return complain("another spawner listens on %s", spawner->name);
  return 0;
}

/* Bound under another name and renamed, so that the socket is there at every moment of a restart. */
static int listen_on_socket(struct spawner *spawner) {
  char fresh[NAME_SIZE + 8];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(fresh, sizeof fresh, "%s.new", spawner->name);
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", spawner->directory, fresh);
  spawner->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  (void)unlinkat(spawner->directory, fresh, 0);
  if (spawner->listener < 0 || bind(spawner->listener, (const struct sockaddr *)&address, sizeof address) < 0) {
    return complain_errno("cannot bind %s", fresh);
  }
  if (fchmodat(spawner->directory, fresh, 0600, 0) < 0 || listen(spawner->listener, BACKLOG) < 0 ||
      renameat(spawner->directory, fresh, spawner->directory, spawner->name) < 0) {
    return complain_errno("cannot listen on %s", spawner->name);
  }
  return 0;
}

static int watch_signals(struct spawner *spawner) {
  sigset_t set;
  (void)sigfillset(&set);
  if (sigprocmask(SIG_SETMASK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    return complain_errno("cannot set the signals");
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGCHLD);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  spawner->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return spawner->signals < 0 ? complain_errno("cannot watch signals") : 0;
}

static int wait_for_connection(int listener) {
  for (;;) {
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0) return connection;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    /* A host without files or memory left: to end would make the spawner fork without a pause. */
    (void)poll(NULL, 0, 100);
  }
}

/* Waits, as long as it takes, for the request: a client may connect ahead of it. */
static void wait_for_request(int connection, struct spare_network *spare) {
  struct pollfd source = {.fd = connection, .events = POLLIN};
  int ready = poll(&source, 1, QUIET_MS);
  if (ready == 0) spare_network_make(spare);
  while (ready <= 0) {
    ready = poll(&source, 1, -1);
    if (ready < 0 && errno != EINTR) break;
  }
}

/* A fork: waits for its one connection and the request on it, then is on its own. While it waits it dies with the
 * spawner, afterwards it does not. */
_Noreturn static void run_fork(struct spawner *spawner) {
  const pid_t parent = spawner->host->spawner_pid;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent || setsid() < 0) _exit(1);
  memory_map_program();
  memory_own_pages();
  int connection = wait_for_connection(spawner->listener);
  const pid_t self = getpid();
  (void)!write(spawner->taken[1], &self, sizeof self);
  close_fd(&spawner->listener);
  close_fd(&spawner->signals);
  close_fd(&spawner->taken[0]);
  close_fd(&spawner->taken[1]);
  close_fd(&spawner->lock);
  close_fd(&spawner->directory);
  wait_for_request(connection, &spawner->host->spare);
  (void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  session_serve(connection, spawner->host);
  _exit(0);
}

static int fill(struct spawner *spawner) {
  for (size_t i = 0; i < READY_FORKS; i++) {
    if (spawner->ready[i] != 0) continue;
    pid_t pid = fork();
    if (pid == 0) run_fork(spawner);
    if (pid < 0) return complain_errno("cannot fork");
    spawner->ready[i] = pid;
  }
  return 0;
}

static void forget(struct spawner *spawner, pid_t pid) {
  for (size_t i = 0; i < READY_FORKS; i++) {
    if (spawner->ready[i] == pid) spawner->ready[i] = 0;
  }
}

static void read_taken(struct spawner *spawner) {
  pid_t pids[READY_FORKS * 4];
  ssize_t size = read(spawner->taken[0], pids, sizeof pids);
  for (ssize_t i = 0; i < size / (ssize_t)sizeof pids[0]; i++) forget(spawner, pids[i]);
}

static void reap(struct spawner *spawner) {
  for (pid_t pid = waitpid(-1, NULL, WNOHANG); pid > 0; pid = waitpid(-1, NULL, WNOHANG)) forget(spawner, pid);
}

/* Returns true when it is time to end. */
static bool read_signals(struct spawner *spawner) {
  struct signalfd_siginfo info;
  bool end = false;
  while (read(spawner->signals, &info, sizeof info) == (ssize_t)sizeof info) end = end || info.ssi_signo != SIGCHLD;
  reap(spawner);
  return end;
}

static int serve(struct spawner *spawner) {
  for (;;) {
    struct pollfd sources[2] = {{.fd = spawner->taken[0], .events = POLLIN},
                                {.fd = spawner->signals, .events = POLLIN}};
    /* A fork that fails is tried again, not given up: what is there may end and make room. */
    int patience = fill(spawner) < 0 ? 1000 : -1;
    if (poll(sources, 2, patience) < 0 && errno != EINTR) return complain_errno("cannot wait");
    if ((sources[0].revents & POLLIN) != 0) read_taken(spawner);
    if ((sources[1].revents & POLLIN) != 0 && read_signals(spawner)) return 0;
  }
}

/* Of an engine that starts all the same where the kernel does not have it. */
static void open_resolver(struct host *host) {
  struct failure failure;
  cleanup_close int engine = open(host->cgroup_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (engine < 0) complain_errno("cannot open %s", host->cgroup_dir);
  else if (loopback_resolver_open(&host->resolver, engine, &failure) < 0)
    complain("no names are answered at 127.0.0.11: %s: %s", failure.detail, strerror(failure.error));
}

int spawner_run(const struct spawner_options *options, struct host *host) {
  struct spawner spawner = {
      .host = host, .directory = -1, .lock = -1, .listener = -1, .signals = -1, .taken = {-1, -1}};
  struct failure failure;
  host->spawner_pid = getpid();
  host->cgroup_dir = options->cgroup_dir;
  if (open_socket_directory(&spawner, options->socket_path) < 0 || take_lock(&spawner) < 0) return 1;
  if (options->cgroup_dir != NULL && cgroup_prepare_parent(options->cgroup_dir, &failure) < 0) {
    return complain("%s: %s: %s", failure.step, failure.detail, strerror(failure.error)), 1;
  }
  if (host->cgroup_dir != NULL) open_resolver(host);
  /* Neither the starter's directory nor its file system is held. */
  if (chdir("/") < 0) return complain_errno("cannot enter /"), 1;
  if (watch_signals(&spawner) < 0 || pipe2(spawner.taken, O_CLOEXEC) < 0 || listen_on_socket(&spawner) < 0) return 1;
  int result = serve(&spawner);
  (void)unlinkat(spawner.directory, spawner.name, 0);
  return result < 0 ? 1 : 0;
}
