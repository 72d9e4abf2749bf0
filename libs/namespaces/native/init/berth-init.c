/*
 * berth-init: the first process of a container with --init. Runs a command, passes every signal on to it, reaps whatever ends, and exits
 * as the command does. `berth-init -- COMMAND [ARG...]`.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, SIGNAL_BASE = 128, USAGE = 2 };

/* Faults are those of this program itself; the terminal's two would stop it. */
static const int KEPT[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU};

static void block_signals(sigset_t *before) {
  sigset_t all;
  (void)sigfillset(&all);
  for (size_t i = 0; i < sizeof KEPT / sizeof KEPT[0]; i++) (void)sigdelset(&all, KEPT[i]);
  (void)sigprocmask(SIG_SETMASK, &all, before);
  (void)signal(SIGTTIN, SIG_IGN);
  (void)signal(SIGTTOU, SIG_IGN);
}

/* In a process group of its own, which the terminal's keys reach; whoever has no terminal needs none. */
_Noreturn static void run(char **command, const sigset_t *signals) {
  (void)setpgid(0, 0);
  (void)tcsetpgrp(STDIN_FILENO, getpgrp());
  (void)signal(SIGTTIN, SIG_DFL);
  (void)signal(SIGTTOU, SIG_DFL);
  (void)sigprocmask(SIG_SETMASK, signals, NULL);
  (void)execvp(command[0], command);
  int error = errno;
  (void)fprintf(stderr, "berth-init: %s: %s\n", command[0], strerror(error));
  _exit(error == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

/* Takes all that has ended. Returns the exit code of `child` when it is among them, -1 otherwise. */
static int reap(pid_t child) {
  int status;
  int code = -1;
  for (pid_t ended = waitpid(-1, &status, WNOHANG); ended > 0; ended = waitpid(-1, &status, WNOHANG)) {
    if (ended == child) code = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return code;
}

static int supervise(pid_t child) {
  sigset_t blocked;
  (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (;;) {
    int signal = sigwaitinfo(&blocked, NULL);
    if (signal < 0) continue;
    if (signal != SIGCHLD) {
      (void)kill(child, signal);
      continue;
    }
    int code = reap(child);
    if (code >= 0) return code;
  }
}

int main(int argc, char **argv) {
  sigset_t before;
  if (argc < 3 || strcmp(argv[1], "--") != 0) {
    (void)fputs("usage: berth-init -- COMMAND [ARG...]\n", stderr);
    return USAGE;
  }
  /* In a pid namespace that it shares, orphans would go to another. */
  if (getpid() != 1) (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  block_signals(&before);
  pid_t child = fork();
  if (child < 0) {
    perror("berth-init: fork");
    return NOT_EXECUTABLE;
  }
  if (child == 0) run(argv + 2, &before);
  return supervise(child);
}
