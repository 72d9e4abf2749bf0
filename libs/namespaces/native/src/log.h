/*
 * A container's log in the CRI text format, one record a line:
 *   <RFC3339Nano> stdout|stderr F|P <bytes>
 * F ends a line of the output; P is a piece of one without its newline, completed by what follows on the same stream.
 */
#ifndef BERTH_LOG_H
#define BERTH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "failure.h"
#include "frame.h"
#include "plan.h"

#define LOG_TIME_SIZE 30   /* 2026-11-24T05:41:14.123456789Z */
#define LOG_PREFIX_SIZE 40 /* time, stream and tag with a blank after each */

struct log {
  int directory; /* -1: no log */
  int file;
  char *name; /* owned */
  uint64_t size;
  uint64_t total;    /* the size of what was there, and all that was written since */
  char first[LOG_TIME_SIZE]; /* the time of the file's first record, which no other file of the log has */
  uint64_t max_size; /* 0: never rotates */
  uint32_t max_files;
  bool torn; /* the last record was cut off by a full disk, and lacks its newline */
};

/* A place in a log, between two records. */
struct log_position {
  uint64_t total;
  uint64_t offset; /* in the file that begins with `first`; 0: it has no record yet */
  char first[LOG_TIME_SIZE];
};

#define LOG_NONE ((struct log){.directory = -1, .file = -1})

/* Opens or continues the log. A NULL plan gives none. Returns 0, or -1 with the failure. */
int log_open(struct log *log, const log_plan *plan, struct failure *failure);

/* Writes a chunk of output; what cannot be written is lost, for the container never waits for its log. */
void log_write(struct log *log, const char *stream, struct frame_piece chunk, uint64_t nanos);

/* Where the next record goes. */
struct log_position log_position(const struct log *log);

void log_close(struct log *log);

/* Writes the time as RFC 3339 with nine digits, in UTC; no NUL. */
void log_format_time(char text[LOG_TIME_SIZE], uint64_t unix_nanos);

/*
 * Cuts lines off the front of `chunk` into records of two or three parts each, as many as fit into `max` parts and
 * `budget` bytes. `full` and `partial` are the prefixes with the tags F and P. Returns the number of parts, 0 when not
 * even the first line fits.
 */
size_t log_cut(struct frame_piece *chunk, char *full, char *partial, struct iovec *parts, size_t max, uint64_t budget);

#endif
