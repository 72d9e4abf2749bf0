/*
 * The resident form of the program: a process with a large heap (Node) cannot fork quickly, this one can. It reads requests
 * (request.h) from stdin, runs each in a child, and passes on what the child prints, line by line, as `<id> <line>`. When a child
 * has ended it prints
 * `<id> {"end":{"status":n}}`. The request `<id> cancel` kills the child of that id. When stdin ends, all children are killed.
 *
 * Each child has a pipe of its own: one that a hostile layer has taken over can lie about its own layer only.
 */
#include "commands.h"

#include "cleanup.h"
#include "memory.h"
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define JOBS_MAX 64
/* Where a job has them. */
#define TURNS_FD 3
/* A longer line is cut: the tool prints none. */
#define LINE_MAX_BYTES 4096

struct job {
  pid_t pid; /* 0: free */
  int output;
  char id[REQUEST_ID_MAX + 1];
  size_t used;
  char line[LINE_MAX_BYTES];
};

struct server {
  int turns; /* of memory.h */
  struct job jobs[JOBS_MAX];
  size_t used;
  char bytes[REQUEST_MAX];
};

static bool write_fully(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t done = write(STDOUT_FILENO, bytes, length);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes += done;
    length -= (size_t)done;
  }
  return true;
}

static bool print_line(const char *id, const char *line, size_t length) {
  char bytes[REQUEST_ID_MAX + LINE_MAX_BYTES + 3];
  int used = snprintf(bytes, sizeof(bytes), "%s %.*s\n", id, (int)length, line);

  return write_fully(bytes, (size_t)used);
}

static bool print_failure(const char *id, const char *detail) {
  char line[256];
  int used = snprintf(line, sizeof(line),
                      "{\"error\":{\"reason\":\"INTERNAL\",\"step\":\"serve\",\"errno\":%d,\"detail\":\"%s\"}}", errno, detail);

  return print_line(id, line, (size_t)used) && print_line(id, "{\"end\":{\"status\":1}}", 20);
}

/* What a child does: never returns. */
__attribute__((noreturn)) static void run_job(const struct server *server, const struct request *request, int output, pid_t parent) {
  int nothing = open("/dev/null", O_RDONLY);

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0) _exit(1);
  /* The pipes of the other jobs. */
  if (dup2(server->turns, TURNS_FD) < 0) _exit(1);
  if (close_range(TURNS_FD + 1, ~0U, 0) != 0) _exit(1);
  memory_take_turns(TURNS_FD);
  _exit(run_command(request->count, (char **)(size_t)request->arguments));
}

static struct job *free_job(struct server *server) {
  for (size_t i = 0; i < JOBS_MAX; i++) {
    if (server->jobs[i].pid == 0) return &server->jobs[i];
  }
  return NULL;
}

static bool start_job(struct server *server, const struct request *request) {
  struct job *job = free_job(server);
  pid_t self = getpid();
  int ends[2];
  pid_t pid;

  errno = EAGAIN;
  if (!job) return print_failure(request->id, "too many jobs at a time");
  if (pipe2(ends, O_CLOEXEC) != 0) return print_failure(request->id, "cannot make a pipe");
  pid = fork();
  if (pid == 0) run_job(server, request, ends[1], self);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return print_failure(request->id, "cannot fork");
  }
  job->pid = pid;
  job->output = ends[0];
  job->used = 0;
  snprintf(job->id, sizeof(job->id), "%s", request->id);
  return true;
}

static void cancel_job(struct server *server, const char *id) {
  for (size_t i = 0; i < JOBS_MAX; i++) {
    if (server->jobs[i].pid != 0 && strcmp(server->jobs[i].id, id) == 0) kill(server->jobs[i].pid, SIGKILL);
  }
}

/* The child has closed its output: it is over, whether it knows or not. */
static bool end_job(struct job *job) {
  char line[48];
  int status = 0;
  int used;

  kill(job->pid, SIGKILL);
  while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
    ;
  close(job->output);
  job->pid = 0;
  used =
      snprintf(line, sizeof(line), "{\"end\":{\"status\":%d}}", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return print_line(job->id, line, (size_t)used);
}

/* Passes on the whole lines that a job has printed. */
static bool print_lines(struct job *job) {
  size_t start = 0;
  char *newline;

  while ((newline = memchr(job->line + start, '\n', job->used - start)) != NULL) {
    size_t end = (size_t)(newline - job->line);

    if (!print_line(job->id, job->line + start, end - start)) return false;
    start = end + 1;
  }
  if (start == 0 && job->used == LINE_MAX_BYTES) start = job->used;
  memmove(job->line, job->line + start, job->used - start);
  job->used -= start;
  return true;
}

static bool read_job(struct job *job) {
  ssize_t got = read(job->output, job->line + job->used, LINE_MAX_BYTES - job->used);

  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return end_job(job);
  job->used += (size_t)got;
  return print_lines(job);
}

static bool handle(struct server *server, const struct request *request) {
  if (request->count == 2 && strcmp(request->arguments[1], "cancel") == 0) {
    cancel_job(server, request->id);
    return true;
  }
  return start_job(server, request);
}

/* False at the end of stdin, and when it holds no request. */
static bool read_requests(struct server *server) {
  ssize_t got = read(STDIN_FILENO, server->bytes + server->used, REQUEST_MAX - server->used);
  struct request request;
  ssize_t length;

  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  server->used += (size_t)got;
  while ((length = request_parse(server->bytes, server->used, &request)) > 0) {
    if (!handle(server, &request)) return false;
    server->used -= (size_t)length;
    memmove(server->bytes, server->bytes + length, server->used);
  }
  return length == 0;
}

static bool serve_once(struct server *server) {
  struct pollfd polls[JOBS_MAX + 1];
  struct job *jobs[JOBS_MAX];
  nfds_t count = 0;

  for (size_t i = 0; i < JOBS_MAX; i++) {
    if (server->jobs[i].pid == 0) continue;
    jobs[count] = &server->jobs[i];
    polls[count++] = (struct pollfd){.fd = server->jobs[i].output, .events = POLLIN};
  }
  polls[count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  if (poll(polls, count + 1, -1) < 0) return errno == EINTR;
  for (nfds_t i = 0; i < count; i++) {
    if (polls[i].revents != 0 && !read_job(jobs[i])) return false;
  }
  return polls[count].revents == 0 || read_requests(server);
}

int serve_command(void) {
  static struct server server;

  server.turns = memory_make_turns();
  if (server.turns < 0) return 1;
  while (serve_once(&server))
    ;
  for (size_t i = 0; i < JOBS_MAX; i++) {
    if (server.jobs[i].pid == 0) continue;
    kill(server.jobs[i].pid, SIGKILL);
    waitpid(server.jobs[i].pid, NULL, 0);
  }
  return 0;
}
