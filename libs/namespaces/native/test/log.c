#include "log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "tap.h"

#define NANOS 1000000000ULL

static char directory[] = "/tmp/berth-XXXXXX";
static char path[64];

static struct frame_piece piece(const char *text) {
  return (struct frame_piece){.data = (const uint8_t *)text, .size = strlen(text)};
}

static bool time_is(uint64_t nanos, const char *expected) {
  char text[LOG_TIME_SIZE + 1] = {0};
  log_format_time(text, nanos);
  return strcmp(text, expected) == 0;
}

static void test_time(void) {
  check(time_is(0, "1970-01-01T00:00:00.000000000Z"), "the epoch");
  check(time_is(951782400 * NANOS + 1, "2000-02-29T00:00:00.000000001Z"), "a leap day of a century that has one");
  check(time_is(1795498874 * NANOS + 123456789, "2026-11-24T05:41:14.123456789Z"),
        "a time of day with all nanoseconds");
  check(time_is(4107542399 * NANOS, "2100-02-28T23:59:59.000000000Z"),
        "the last second of a February without a leap day");
  check(time_is(4107542400 * NANOS, "2100-03-01T00:00:00.000000000Z"), "and the next");
}

static bool open_at(struct log *log, uint64_t max_size, uint32_t max_files) {
  log_plan plan = BERTH__NATIVE__V1__LOG__INIT;
  struct failure failure;
  plan.path = path;
  plan.max_size_bytes = max_size;
  plan.max_files = max_files;
  return log_open(log, &plan, &failure) == 0;
}

static bool file_is(const char *suffix, const char *expected) {
  char name[80];
  char text[1024];
  (void)snprintf(name, sizeof name, "%s%s", path, suffix);
  return read_text_at(AT_FDCWD, name, text, sizeof text) >= 0 && strcmp(text, expected) == 0;
}

#define T "1970-01-01T00:00:00.000000000Z "
/* The n-th file of a chunk begins a nanosecond later. */
#define T_AFTER(n) "1970-01-01T00:00:00.00000000" #n "Z "

static void test_lines(void) {
  struct log log;
  check(open_at(&log, 0, 1), "a log is opened");
  log_write(&log, "stdout", piece("one\ntwo"), 0);
  log_write(&log, "stderr", piece("oops\n"), 0);
  log_write(&log, "stdout", piece("\n\n"), 0);
  check(file_is("", T "stdout F one\n" T "stdout P two\n" T "stderr F oops\n" T "stdout F \n" T "stdout F \n"),
        "each line is a record, a piece without its newline is P");
  log_close(&log);
  check(open_at(&log, 0, 1), "a log is opened again");
  log_write(&log, "stdout", piece("x\n"), 0);
  check(log.size == 5 * (LOG_PREFIX_SIZE + 1) + 10 + LOG_PREFIX_SIZE + 2, "and goes on where it was");
  log_close(&log);
  (void)unlink(path);
}

static void test_many_lines(void) {
  struct log log;
  char text[2001];
  for (size_t i = 0; i < 2000; i++) text[i] = i % 2 == 0 ? 'x' : '\n';
  text[2000] = '\0';
  check(open_at(&log, 0, 1), "a log is opened for many lines");
  log_write(&log, "stdout", piece(text), 0);
  check(log.size == 1000 * (LOG_PREFIX_SIZE + 2), "more lines than one writev takes are written whole");
  log_close(&log);
  (void)unlink(path);
}

static void test_rotation(void) {
  struct log log;
  check(open_at(&log, 100, 3), "a log is opened that rotates");
  log_write(&log, "stdout", piece("1\n2\n3\n4\n5\n6\n7\n"), 0);
  check(file_is("", T_AFTER(3) "stdout F 7\n") &&
            file_is(".1", T_AFTER(2) "stdout F 5\n" T_AFTER(2) "stdout F 6\n") &&
            file_is(".2", T_AFTER(1) "stdout F 3\n" T_AFTER(1) "stdout F 4\n"),
        "files hold as many whole records as fit, begin with times of their own, and the oldest is dropped");
  struct log_position position = log_position(&log);
  check(position.total == 7 * (LOG_PREFIX_SIZE + 2) && position.offset == LOG_PREFIX_SIZE + 2 &&
            memcmp(position.first, T_AFTER(3), LOG_TIME_SIZE) == 0,
        "a position tells the file, the place in it and in all of the log");
  char long_line[302];
  memset(long_line, 'x', 300);
  memcpy(long_line + 300, "\n", 2);
  log_write(&log, "stdout", piece(long_line), 0);
  check(log.size == LOG_PREFIX_SIZE + 301, "a record larger than a file gets one to itself");
  log_close(&log);
  check(open_at(&log, 50, 1), "a log is opened that may have one file");
  log_write(&log, "stdout", piece("a\nb\n"), 0);
  check(file_is("", T_AFTER(2) "stdout F b\n"), "it starts again");
  log_close(&log);
}

static void test_full_disk(void) {
  struct log log;
  (void)unlink(path);
  check(open_at(&log, 0, 1), "a log is opened on a disk that fills");
  const struct rlimit little = {.rlim_cur = 60, .rlim_max = RLIM_INFINITY};
  const struct rlimit enough = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  (void)setrlimit(RLIMIT_FSIZE, &little);
  log_write(&log, "stdout", piece("first\n"), 0);
  log_write(&log, "stdout", piece("second\n"), 0);
  (void)setrlimit(RLIMIT_FSIZE, &enough);
  log_write(&log, "stdout", piece("third\n"), 0);
  check(file_is("", T "stdout F first\n1970-01-01T00:\n" T "stdout F third\n"),
        "a torn record is ended before the next");
  check(log_position(&log).total == 60 + 1 + LOG_PREFIX_SIZE + 6, "and every byte of it counts");
  log_close(&log);
}

static void test_links(void) {
  struct log log;
  char target[80];
  (void)snprintf(target, sizeof target, "%s/precious", directory);
  (void)unlink(path);
  check(symlink(target, path) == 0 && !open_at(&log, 0, 1), "a link is not followed");
  log_close(&log);
  check(access(target, F_OK) < 0, "nor is its target made");
  (void)unlink(path);
  check(mkfifo(path, 0600) == 0, "a pipe lies in wait");
  int reader = open(path, O_RDONLY | O_NONBLOCK);
  check(!open_at(&log, 0, 1), "what is no file is refused");
  log_close(&log);
  (void)close(reader);
}

int main(void) {
  if (mkdtemp(directory) == NULL) return 1;
  (void)snprintf(path, sizeof path, "%s/log", directory);
  (void)signal(SIGXFSZ, SIG_IGN);
  test_time();
  test_lines();
  test_many_lines();
  test_rotation();
  test_full_disk();
  test_links();
  char command[64];
  (void)snprintf(command, sizeof command, "rm -rf %s", directory);
  return system(command) != 0 ? 1 : done();
}
