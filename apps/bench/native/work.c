/*
 * Work whose speed is compared: `work lines N` and `work blocks N` print N lines of 100 bytes, one at a time or in blocks of 4 KiB;
 * `work cpu`, `work memory` and `work disk` calculate, copy, and write to the working directory, and print how many nanoseconds that
 * took.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 100, BLOCK = 4096, CALCULATIONS = 10000000, COPIES = 8, WRITES = 16 };
#define MIB ((size_t)1 << 20)
#define COPY_SIZE (32 * MIB)

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int print_lines(long count, int buffering) {
  static char buffer[BLOCK];
  char line[LINE];
  memset(line, 'x', sizeof line);
  line[LINE - 1] = '\n';
  if (setvbuf(stdout, buffer, buffering, sizeof buffer) != 0) return 1;
  for (long i = 0; i < count; i++) {
    if (fwrite(line, sizeof line, 1, stdout) != 1) return 1;
  }
  return fflush(stdout) == 0 ? 0 : 1;
}

/* xorshift64: every step needs the one before. */
static int calculate(void) {
  volatile uint64_t result;
  uint64_t state = 88172645463325252;
  for (int i = 0; i < CALCULATIONS; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  result = state;
  return result == 0;
}

static int write_file(void) {
  static const char NAME[] = "berth-bench-work";
  static char chunk[MIB];
  int fd = open(NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return 1;
  int result = 0;
  for (int i = 0; i < WRITES && result == 0; i++) result = write(fd, chunk, sizeof chunk) != (ssize_t)sizeof chunk;
  if (result == 0) result = fdatasync(fd) < 0;
  close(fd);
  unlink(NAME);
  return result;
}

static char *copy_source, *copy_target;

static int copy_memory(void) {
  for (int i = 0; i < COPIES; i++) {
    memcpy(copy_target, copy_source, COPY_SIZE);
    copy_source[i] = copy_target[COPY_SIZE - 1];
  }
  return 0;
}

/* Every page is there before the time begins. */
static int prepare_memory(void) {
  copy_source = malloc(COPY_SIZE);
  copy_target = malloc(COPY_SIZE);
  if (!copy_source || !copy_target) return 1;
  memset(copy_source, 1, COPY_SIZE);
  memset(copy_target, 1, COPY_SIZE);
  return 0;
}

/* Whoever started this process is still busy with it for some milliseconds, on the processor beside ours. */
static const struct timespec SETTLE = {.tv_nsec = 100000000};

static int time_work(int (*run)(void)) {
  nanosleep(&SETTLE, NULL);
  uint64_t start = now();
  if (run() != 0) return 1;
  printf("%lu\n", now() - start);
  return 0;
}

int main(int count, char **arguments) {
  const char *what = count > 1 ? arguments[1] : "";
  if (count == 3 && strcmp(what, "lines") == 0) return print_lines(atol(arguments[2]), _IOLBF);
  if (count == 3 && strcmp(what, "blocks") == 0) return print_lines(atol(arguments[2]), _IOFBF);
  if (strcmp(what, "cpu") == 0) return time_work(calculate);
  if (strcmp(what, "memory") == 0) return prepare_memory() || time_work(copy_memory);
  if (strcmp(what, "disk") == 0) return time_work(write_file);
  fprintf(stderr, "usage: work lines N | blocks N | cpu | memory | disk\n");
  return 2;
}
