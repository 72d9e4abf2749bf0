#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"

#define PARTS_MAX 192

static int open_file(const struct log *log, const char *name, int more) {
  return openat(log->directory, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | more, 0640);
}

/* A log that cannot be read back still takes what is written: then a client that fell behind is told that all is gone. */
static void read_first(struct log *log) {
  cleanup_close int file = openat(log->directory, log->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file >= 0 && read(file, log->first, sizeof log->first) < (ssize_t)sizeof log->first) {
    memset(log->first, 0, sizeof log->first);
  }
}

int log_open(struct log *log, const log_plan *plan, struct failure *failure) {
  *log = LOG_NONE;
  if (plan == NULL) return 0;
  char path[PATH_MAX];
  (void)snprintf(path, sizeof path, "%s", plan->path);
  char *slash = strrchr(path, '/');
  if (slash == NULL || slash[1] == '\0') return fail(failure, "log", EINVAL, "%.200s", plan->path);
  *slash = '\0';
  log->directory = open(path[0] == '\0' ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (log->directory < 0) return fail(failure, "log", errno, "open the directory of %.180s", plan->path);
  log->name = strdup(slash + 1);
  if (log->name == NULL) return fail(failure, "log", ENOMEM, "note the name");
  log->max_size = plan->max_size_bytes;
  log->max_files = plan->max_files;
  log->file = open_file(log, log->name, 0);
  struct stat stat;
  if (log->file < 0 || fstat(log->file, &stat) < 0) return fail(failure, "log", errno, "open %.200s", plan->path);
  if (!S_ISREG(stat.st_mode)) return fail(failure, "log", EINVAL, "%.200s is not a regular file", plan->path);
  log->size = log->total = (uint64_t)stat.st_size;
  read_first(log);
  return 0;
}

struct log_position log_position(const struct log *log) {
  struct log_position position = {.total = log->total, .offset = log->size};
  if (log->size > 0) memcpy(position.first, log->first, sizeof position.first);
  return position;
}

void log_close(struct log *log) {
  close_fd(&log->directory);
  close_fd(&log->file);
  free(log->name);
  *log = LOG_NONE;
}

static void put_digits(char *text, uint64_t value, size_t digits) {
  for (size_t i = digits; i > 0; i--) {
    text[i - 1] = (char)('0' + value % 10);
    value /= 10;
  }
}

/* Year, month and day of a count of days since 1970.
 * http://howardhinnant.github.io/date_algorithms.html#civil_from_days */
static void civil_from_days(uint64_t days, uint64_t *year, uint64_t *month, uint64_t *day) {
  uint64_t shifted = days + 719468;
  uint64_t era = shifted / 146097;
  uint64_t day_of_era = shifted - era * 146097;
  uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  uint64_t shifted_month = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void log_format_time(char text[LOG_TIME_SIZE], uint64_t nanos) {
  uint64_t seconds = nanos / NANOS_PER_SECOND;
  uint64_t year = 0, month = 0, day = 0;
  civil_from_days(seconds / 86400, &year, &month, &day);
  memcpy(text, "0000-00-00T00:00:00.000000000Z", LOG_TIME_SIZE);
  put_digits(text, year, 4);
  put_digits(text + 5, month, 2);
  put_digits(text + 8, day, 2);
  put_digits(text + 11, seconds / 3600 % 24, 2);
  put_digits(text + 14, seconds / 60 % 60, 2);
  put_digits(text + 17, seconds % 60, 2);
  put_digits(text + 20, nanos % NANOS_PER_SECOND, 9);
}

static size_t put_part(struct iovec *parts, size_t at, const void *data, size_t size) {
  parts[at] = (struct iovec){.iov_base = (void *)data, .iov_len = size};
  return at + 1;
}

size_t log_cut(struct frame_piece *chunk, char *full, char *partial, struct iovec *parts, size_t max, uint64_t budget) {
  size_t count = 0;
  while (chunk->size > 0 && count + 3 <= max) {
    const uint8_t *newline = memchr(chunk->data, '\n', chunk->size);
    size_t size = newline == NULL ? chunk->size : (size_t)(newline - chunk->data) + 1;
    size_t record = LOG_PREFIX_SIZE + size + (newline == NULL ? 1 : 0);
    if (record > budget) break;
    budget -= record;
    count = put_part(parts, count, newline == NULL ? partial : full, LOG_PREFIX_SIZE);
    count = put_part(parts, count, chunk->data, size);
    if (newline == NULL) count = put_part(parts, count, "\n", 1);
    chunk->data += size;
    chunk->size -= size;
  }
  return count;
}

/* path.(n-1) is dropped, path.k becomes path.(k+1), path becomes path.1. Moves nothing before the fresh file is there, since a full disk
 * would cost an old log with every chunk. A failing step leaves the log where it is. */
static void rotate(struct log *log) {
  char from[NAME_MAX + 16];
  char to[NAME_MAX + 16];
  char fresh[NAME_MAX + 16];
  (void)snprintf(fresh, sizeof fresh, "%s.new", log->name);
  cleanup_close int file = open_file(log, fresh, O_TRUNC);
  if (file < 0) return;
  for (uint32_t number = log->max_files < 2 ? 0 : log->max_files - 1; number > 0; number--) {
    (void)snprintf(to, sizeof to, "%s.%u", log->name, number);
    (void)snprintf(from, sizeof from, number == 1 ? "%s" : "%s.%u", log->name, number - 1);
    if (renameat(log->directory, from, log->directory, to) < 0 && errno != ENOENT) return;
  }
  if (renameat(log->directory, fresh, log->directory, log->name) < 0) return;
  (void)close(log->file);
  log->file = take_fd(&file);
  log->size = 0;
  log->torn = false;
}

static void write_parts(struct log *log, struct iovec *parts, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += parts[i].iov_len;
  ssize_t written = writev(log->file, parts, (int)count);
  size_t done = written < 0 ? 0 : (size_t)written;
  if (log->size == 0) memcpy(log->first, parts[0].iov_base, sizeof log->first);
  log->size += done;
  log->total += done;
  if (done < total && done > 0) log->torn = true;
}

/* How many bytes the file may still take. */
static uint64_t budget_of(const struct log *log) {
  if (log->max_size == 0) return UINT64_MAX;
  return log->max_size > log->size ? log->max_size - log->size : 0;
}

static void end_torn(struct log *log) {
  if (!log->torn || write(log->file, "\n", 1) != 1) return;
  log->torn = false;
  log->size++;
  log->total++;
}

static void put_prefix(char prefix[LOG_PREFIX_SIZE], const char *stream, const char *tag, uint64_t nanos) {
  log_format_time(prefix, nanos);
  prefix[LOG_TIME_SIZE] = ' ';
  memcpy(prefix + LOG_TIME_SIZE + 1, stream, 6);
  memcpy(prefix + LOG_TIME_SIZE + 7, tag, 3);
}

void log_write(struct log *log, const char *stream, struct frame_piece chunk, uint64_t nanos) {
  if (log->file < 0) return;
  char full[LOG_PREFIX_SIZE];
  char partial[LOG_PREFIX_SIZE];
  put_prefix(full, stream, " F ", nanos);
  put_prefix(partial, stream, " P ", nanos);
  struct iovec parts[PARTS_MAX];
  while (chunk.size > 0) {
    end_torn(log);
    size_t count = log_cut(&chunk, full, partial, parts, PARTS_MAX, budget_of(log));
    if (count == 0) {
      if (log->size > 0) rotate(log);
      /* No two files begin with the same time. */
      nanos++;
      put_prefix(full, stream, " F ", nanos);
      put_prefix(partial, stream, " P ", nanos);
      /* One record goes in however long it is. */
      count = log_cut(&chunk, full, partial, parts, 3, UINT64_MAX);
    }
    write_parts(log, parts, count);
  }
}
