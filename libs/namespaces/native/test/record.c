#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static void test_layout(void) {
  check(offsetof(struct record, phase) == 12 && offsetof(struct record, boot_id) == 16 &&
            offsetof(struct record, keeper_pid) == 56 && offsetof(struct record, process_pid) == 60 &&
            offsetof(struct record, keeper_start_ticks) == 64 && offsetof(struct record, process_start_ticks) == 72 &&
            offsetof(struct record, namespace_flags) == 80 && offsetof(struct record, created_unix_nanos) == 88 &&
            offsetof(struct record, started_unix_nanos) == 96 && offsetof(struct record, exited_unix_nanos) == 104 &&
            offsetof(struct record, exit_code) == 112 && offsetof(struct record, signal) == 116 &&
            offsetof(struct record, oom_killed) == 120,
        "every field is where record.h and record.ts say");
}

static void test_start_ticks(void) {
  char stat[256] = "12 (cat) S";
  for (int field = 4; field <= 24; field++) {
    char text[16];
    (void)snprintf(text, sizeof text, " %d", field * 100);
    strcat(stat, text);
  }
  check(parse_stat_field(stat, STAT_START_TICKS) == 2200, "the start time is the field 22");
  memcpy(stat + 4, "a) ", 3);
  check(parse_stat_field(stat, STAT_START_TICKS) == 2200, "a bracket in the name changes nothing");
  check(parse_stat_field("12 (cat", STAT_START_TICKS) == 0 && parse_stat_field("", STAT_START_TICKS) == 0 &&
            parse_stat_field("1 (a) S 1 2", STAT_START_TICKS) == 0,
        "what is cut off has no start time");
  check(parse_stat_field(") 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 99999999999999999999999", STAT_START_TICKS) == 0,
        "a number that does not fit is none");
  check(process_start_ticks(getpid()) > 0 && process_start_ticks(getpid()) == process_start_ticks(getpid()),
        "a process that lives has one, always the same");
  check(parse_stat_field(stat, STAT_FLAGS) == 900, "the flags are the field 9");
  check(process_start_ticks(0x7ffffff0) == 0, "a process that does not live has none");
}

static void test_files(void) {
  char directory[] = "/tmp/berth-XXXXXX";
  struct failure failure;
  struct record record, read;
  if (mkdtemp(directory) == NULL) exit(1);
  int fd = open(directory, O_RDONLY | O_DIRECTORY);
  check(record_read(fd, &read, &failure) < 0 && failure.error == ENOENT, "there is no record at first");
  record_init(&record, "01234567-89ab-cdef-0123-456789abcdef");
  record.exit_code = 42;
  check(record_write(fd, &record, &failure) == 0 && record_read(fd, &read, &failure) == 0 &&
            memcmp(&record, &read, sizeof record) == 0,
        "a record is read as it was written");
  record.phase = RECORD_EXITED;
  check(
      record_write(fd, &record, &failure) == 0 && record_read(fd, &read, &failure) == 0 && read.phase == RECORD_EXITED,
      "a second one replaces it");
  check(faccessat(fd, "record.new", F_OK, 0) < 0, "nothing else is left");
  check(mkdirat(fd, "record.new", 0700) == 0 && record_write(fd, &record, &failure) < 0, "without a place for the new one there is none");
  record.exit_code = 43;
  check(record_write_exit(fd, &record) == 0 && record_read(fd, &read, &failure) == 0 &&
            memcmp(&record, &read, sizeof record) == 0,
        "an exit takes the place of the old one then");
  (void)unlinkat(fd, "record.new", AT_REMOVEDIR);
  int file = openat(fd, "record", O_WRONLY);
  check(pwrite(file, "x", 1, 0) == 1 && record_read(fd, &read, &failure) < 0 && failure.error == EINVAL,
        "another file is no record");
  check(ftruncate(file, 100) == 0 && record_read(fd, &read, &failure) < 0, "a part of one is none");
  (void)close(file);
  (void)unlinkat(fd, "record", 0);
  (void)close(fd);
  check(rmdir(directory) == 0, "the directory is empty then");
}

int main(void) {
  char boot_id[BOOT_ID_SIZE];
  test_layout();
  test_start_ticks();
  test_files();
  check(read_boot_id(boot_id) == 0 && strlen(boot_id) == 36, "this boot has an id");
  return done();
}
