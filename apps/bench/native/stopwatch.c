/*
 * Runs programs and tells how long each took, from vfork to its end. It stands between the benchmark, which is a Node of some size whose
 * own spawn takes milliseconds and varies, and what is measured.
 *
 * Each line of stdin is a command, its arguments separated by tabs. Each is answered by a line: nanoseconds and exit code.
 * Programs read nothing, and what they print goes to stderr of the stopwatch.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 65536, ARGUMENTS = 256 };

extern char **environ;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void split(char *line, char *arguments[static ARGUMENTS]) {
  size_t count = 0;
  line[strcspn(line, "\n")] = '\0';
  for (char *argument = strtok(line, "\t"); argument && count < ARGUMENTS - 1; argument = strtok(NULL, "\t"))
    arguments[count++] = argument;
  arguments[count] = NULL;
}

static int run(char **arguments, const posix_spawn_file_actions_t *actions) {
  pid_t pid;
  int status;
  if (!arguments[0] || posix_spawnp(&pid, arguments[0], actions, NULL, arguments, environ) != 0) return 127;
  if (waitpid(pid, &status, 0) < 0) return 126;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void) {
  static char line[LINE_SIZE];
  static char *arguments[ARGUMENTS];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  while (fgets(line, sizeof line, stdin)) {
    split(line, arguments);
    uint64_t start = now();
    int code = run(arguments, &actions);
    printf("%lu %d\n", now() - start, code);
    fflush(stdout);
  }
  return 0;
}
