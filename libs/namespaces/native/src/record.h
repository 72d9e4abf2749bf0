/*
 * The record of a process: `<state_dir>/record`, 256 bytes, little-endian, replaced as a whole by rename, so that a
 * reader sees one state or the next; an exit that finds no room for that is written over it. src/record.ts reads the same layout; a test compares the two.
 *
 *   offset size  field
 *        0    8  magic "BERTHREC"
 *        8    4  version, 1
 *       12    4  phase: 1 creating, 2 running, 3 exited
 *       16   40  boot id (36 characters, NUL-padded): a pid means something only in the boot that it was born in
 *       56    4  keeper's pid
 *       60    4  process's pid, 0 while creating
 *       64    8  keeper's start time, in clock ticks since boot (field 22 of /proc/<pid>/stat)
 *       72    8  process's start time
 *       80    8  CLONE_NEW* flags of the container's own namespaces, 0 for an exec
 *       88    8  created, Unix nanoseconds
 *       96    8  started, Unix nanoseconds, 0 before
 *      104    8  exited, Unix nanoseconds, 0 before
 *      112    4  exit code; 128 + signal when a signal ended it
 *      116    4  signal, 0 if none
 *      120    4  1 when the out-of-memory killer struck
 *      124  132  zero
 */
#ifndef BERTH_RECORD_H
#define BERTH_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "failure.h"

#define RECORD_SIZE 256
#define BOOT_ID_SIZE 40

enum record_phase { RECORD_CREATING = 1, RECORD_RUNNING = 2, RECORD_EXITED = 3 };

struct record {
  char magic[8];
  uint32_t version;
  uint32_t phase;
  char boot_id[BOOT_ID_SIZE];
  uint32_t keeper_pid;
  uint32_t process_pid;
  uint64_t keeper_start_ticks;
  uint64_t process_start_ticks;
  uint64_t namespace_flags;
  uint64_t created_unix_nanos;
  uint64_t started_unix_nanos;
  uint64_t exited_unix_nanos;
  uint32_t exit_code;
  uint32_t signal;
  uint32_t oom_killed;
  uint8_t zero[132];
};

_Static_assert(sizeof(struct record) == RECORD_SIZE, "the record has a fixed layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the record is written as the memory has it");

/* A record in phase creating, with magic, version and boot id. */
void record_init(struct record *record, const char *boot_id);

/* Replaces `record` in the directory. Returns 0, or -1 with the failure. */
int record_write(int state_dir, const struct record *record, struct failure *failure);

/* The same for one that has been written before and tells an exit now: on a full disk it takes the place of the old one.
 * Returns 0, or -1 with errno. */
int record_write_exit(int state_dir, const struct record *record);

/* Reads and checks a record. Returns 0, or -1 with the failure (error ENOENT when there is none). */
int record_read(int state_dir, struct record *record, struct failure *failure);

/* The start time of a process out of /proc/<pid>/stat; 0 when it is gone. */
uint64_t process_start_ticks(pid_t pid);

/* True for a process that has run no program of its own since it was forked, also when it has ended and nobody has
 * waited for it. */
bool process_never_executed(pid_t pid);

/* Fields of /proc/<pid>/stat, counted from 1. */
enum { STAT_FLAGS = 9, STAT_START_TICKS = 22 };

/* A field from the third on out of the text of a /proc/<pid>/stat; 0 when there is none. The command name may hold blanks and
 * brackets. */
uint64_t parse_stat_field(const char *stat, int wanted);

/* Reads this boot's id into `boot_id`. Returns 0, or -1 with errno. */
int read_boot_id(char boot_id[BOOT_ID_SIZE]);

#endif
