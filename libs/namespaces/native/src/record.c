#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"

#define PF_FORKNOEXEC 0x40 /* linux/sched.h of the kernel; see proc_pid_stat(5), flags */

static const char MAGIC[8] = {'B', 'E', 'R', 'T', 'H', 'R', 'E', 'C'};

void record_init(struct record *record, const char *boot_id) {
  memset(record, 0, sizeof *record);
  memcpy(record->magic, MAGIC, sizeof MAGIC);
  record->version = 1;
  record->phase = RECORD_CREATING;
  strncpy(record->boot_id, boot_id, sizeof record->boot_id - 1);
}

int record_write(int state_dir, const struct record *record, struct failure *failure) {
  cleanup_close int fd = openat(state_dir, "record.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail(failure, "state", errno, "create record.new");
  if (write_full(fd, record, sizeof *record) < 0) return fail(failure, "state", errno, "write record.new");
  if (renameat(state_dir, "record.new", state_dir, "record") < 0)
    return fail(failure, "state", errno, "rename record.new");
  return 0;
}

/* What marks the record as that of an exit goes last: a reader sees it whole. */
static int write_in_place(int state_dir, const struct record *record) {
  const char *bytes = (const char *)record;
  const size_t head = offsetof(struct record, boot_id);
  cleanup_close int fd = openat(state_dir, "record", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || lseek(fd, (off_t)head, SEEK_SET) < 0 || write_full(fd, bytes + head, sizeof *record - head) < 0) return -1;
  return lseek(fd, 0, SEEK_SET) == 0 ? write_full(fd, bytes, head) : -1;
}

int record_write_exit(int state_dir, const struct record *record) {
  struct failure failure;
  return record_write(state_dir, record, &failure) == 0 ? 0 : write_in_place(state_dir, record);
}

int record_read(int state_dir, struct record *record, struct failure *failure) {
  cleanup_close int fd = openat(state_dir, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return fail(failure, "state", errno, "open record");
  ssize_t size = read_full(fd, record, sizeof *record);
  if (size < 0) return fail(failure, "state", errno, "read record");
  if (size != (ssize_t)sizeof *record || memcmp(record->magic, MAGIC, sizeof MAGIC) != 0 || record->version != 1) {
    return fail(failure, "state", EINVAL, "record is not one of this version");
  }
  record->boot_id[sizeof record->boot_id - 1] = '\0';
  return 0;
}

uint64_t parse_stat_field(const char *stat, int wanted) {
  const char *field = strrchr(stat, ')');
  if (field == NULL) return 0;
  /* After the command's bracket comes field 3; each blank begins the next one. */
  for (int number = 2; number < wanted; number++) {
    field = strchr(field, ' ');
    if (field == NULL) return 0;
    field++;
  }
  uint64_t value = 0;
  for (; *field >= '0' && *field <= '9'; field++) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(*field - '0'), &value))
      return 0;
  }
  return value;
}

static uint64_t read_stat_field(pid_t pid, int wanted) {
  char path[32];
  char stat[1024];
  (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (read_text_at(AT_FDCWD, path, stat, sizeof stat) < 0) return 0;
  return parse_stat_field(stat, wanted);
}

uint64_t process_start_ticks(pid_t pid) { return read_stat_field(pid, STAT_START_TICKS); }

bool process_never_executed(pid_t pid) { return (read_stat_field(pid, STAT_FLAGS) & PF_FORKNOEXEC) != 0; }

int read_boot_id(char boot_id[BOOT_ID_SIZE]) {
  ssize_t size = read_text_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, BOOT_ID_SIZE);
  if (size < 36) return -1;
  boot_id[36] = '\0';
  return 0;
}
