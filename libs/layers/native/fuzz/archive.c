/*
 * Whatever the archive is, unpacking it ends, leaks nothing, and touches nothing beside its target. The mutator knows what a tar is:
 * it adds entries, and mends checksums, so that most archives are read to their end.
 */
#include "../src/apply.h"
#include "../src/cleanup.h"
#include "../src/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#define BLOCK 512
#define MAX_BYTES (1 << 20)

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct ring ring;
static int neighbourhood;
static int secret;

static void must(bool holds, const char *what) {
  if (holds) return;
  perror(what);
  abort();
}

static int open_directory(int parent, const char *name) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  must(fd >= 0, name);
  return fd;
}

/* The target is a directory of a file system in memory that no other process sees; beside it lies what must not be touched. */
int LLVMFuzzerInitialize(int *count, char ***arguments) {
  const struct rlimit most = {.rlim_cur = MAX_BYTES, .rlim_max = MAX_BYTES};

  (void)count;
  (void)arguments;
  umask(0);
  must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "a mount namespace");
  must(mount("fuzz", "/mnt", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64m") == 0, "a file system in memory");
  neighbourhood = open_directory(AT_FDCWD, "/mnt");
  must(mkdirat(neighbourhood, "target", 0700) == 0 && mkdirat(neighbourhood, "secret", 0700) == 0, "directories");
  secret = open_directory(neighbourhood, "secret");
  must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &most) == 0, "limits");
  must(ring_init(&ring) == 0, "a ring");
  /* The leak checker needs it. */
  must(mkdirat(neighbourhood, "proc", 0700) == 0 && mount("/proc", "/mnt/proc", NULL, MS_BIND, NULL) == 0, "proc");
  /* The working directory stays the host's: there the fuzzer writes what it found. */
  must(chroot("/mnt") == 0, "chroot");
  return 0;
}

/* Removes all that is there, and tells how much it was. */
static unsigned empty(int directory) {
  cleanup_dir DIR *dir = fdopendir(open_directory(directory, "."));
  struct layer_error error = {0};
  unsigned found = 0;
  struct dirent *child;

  must(dir != NULL, "reading a directory");
  while ((child = readdir(dir)) != NULL) {
    if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0) continue;
    must(remove_tree(directory, child->d_name, &error) == 0, error.detail);
    found++;
  }
  return found;
}

static void unpack(int target) {
  struct layer_error error = {0};
  struct layer_writer writer = {.limits = {.max_entries = 200, .max_bytes = MAX_BYTES}};

  root_init(&writer.root, target);
  if (tar_open(&writer.reader, &ring, &error) == 0 && apply_layer(&writer, &error) < 0) must(error.kind != 0, "no reason for a failure");
  must(error.kind != FAILURE_USAGE && error.kind != FAILURE_DIGEST, error.detail);
  must(writer.result.size_bytes <= MAX_BYTES, "more bytes than the limit");
  tar_close(&writer.reader);
  root_destroy(&writer.root);
  directory_times_destroy(&writer.times);
}

static void fill_ring(const uint8_t *data, size_t size) {
  struct ring_block *block;

  ring.first = ring.filled = 0;
  ring.reader_holds = ring.finished = ring.abandoned = false;
  block = ring_reserve(&ring);
  block->length = size;
  memcpy(block->bytes, data, size);
  ring_commit(&ring);
  ring_finish(&ring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int target;
  unsigned beside = 0;
  cleanup_dir DIR *dir = NULL;

  if (size == 0 || size > RING_BLOCK_SIZE) return 0;
  fill_ring(data, size);
  target = open_directory(neighbourhood, "target");
  unpack(dup(target));
  empty(target);
  close(target);
  dir = fdopendir(open_directory(neighbourhood, "."));
  while (readdir(dir) != NULL) beside++;
  must(beside == 5 && empty(secret) == 0, "something was written beside the target");
  return 0;
}

static void mend_checksum(uint8_t *header) {
  unsigned sum = 0;

  memset(header + 148, ' ', 8);
  for (size_t i = 0; i < BLOCK; i++) sum += header[i];
  snprintf((char *)header + 148, 8, "%06o", sum);
}

#define PICK(table, number) ((table)[(number) % (sizeof(table) / sizeof((table)[0]))])

static size_t write_payload(uint8_t *data, char type, unsigned seed) {
  static const char *const records[] = {
      "path=../../secret/x", "path=/a/b",        "linkpath=../secret",         "size=3",
      "size=-1",             "mtime=1.5",        "uid=4294967295",             "SCHILY.xattr.user.a=b",
      "GNU.sparse.major=1",  "GNU.sparse.minor=0", "GNU.sparse.realsize=9000", "SCHILY.xattr.trusted.overlay.opaque=y",
      "GNU.sparse.name=a/b", "hdrcharset=BINARY", "SCHILY.xattr.security.capability=x", "GNU.sparse.map=0,1,8000,1",
  };
  size_t used = 0;

  if (type != 'x' && type != 'g') return (size_t)snprintf((char *)data, BLOCK, "%s", PICK(records, seed) + 5);
  for (unsigned i = 0; i <= seed % 3; i++) {
    const char *record = PICK(records, seed / 3 + i * 5);
    size_t length = strlen(record) + 4; /* with two digits, the space and the newline: none is longer than 99 */

    used += (size_t)snprintf((char *)data + used, BLOCK - used, "%zu %s\n", length, record);
  }
  return used;
}

/* An entry with its data; returns its size. */
static size_t write_entry(uint8_t *data, unsigned seed) {
  static const char *const names[] = {"a", "a/b", "a/b/c", "l", "l/x", "../x", "/secret/y", "a/../b", ".", "", "a/.wh.b", ".wh.a", "a/.wh..wh..opq",
                                      ".wh..wh..opq", ".wh..wh.plnk/1", ".wh.", ".wh...", "a//b/", "/", "target", "\xff\xfe"};
  static const char *const links[] = {"a", "..", "/", "../secret", "/secret", "l", "a/b", "", ".wh.a"};
  static const char types[] = "00000111222345556xxggLKSADVMN";
  char type = PICK(types, seed);
  char *header = (char *)data;
  size_t length = 0;

  memset(data, 0, 2 * BLOCK);
  if (strchr("0xgLK", type)) length = write_payload(data + BLOCK, type, seed / 29);
  snprintf(header, 100, "%s", PICK(names, seed / 31));
  snprintf(header + 100, 8, "%07o", seed % 7 ? 0755 : seed % 010000);
  snprintf(header + 108, 8, "%07o", seed % 5 ? 0 : seed % 70000);
  snprintf(header + 116, 8, "%07o", 0);
  snprintf(header + 124, 12, "%011zo", length);
  snprintf(header + 136, 12, "%011o", seed);
  header[156] = type;
  snprintf(header + 157, 100, "%s", PICK(links, seed / 37));
  memcpy(header + 257, seed % 11 ? "ustar\00000" : "ustar  ", 8);
  mend_checksum(data);
  return length > 0 ? 2 * BLOCK : BLOCK;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  uint8_t entry[2 * BLOCK];
  size_t blocks = size / BLOCK;
  size_t added;
  size_t at;

  if (seed % 4 == 0 || blocks == 0) {
    if (size + 2 * BLOCK > max_size) return LLVMFuzzerMutate(data, size, max_size);
    at = seed / 4 % (blocks + 1) * BLOCK;
    added = write_entry(entry, seed * 2654435761U >> 4);
    memmove(data + at + added, data + at, size - at);
    memcpy(data + at, entry, added);
    return size + added;
  }
  size = LLVMFuzzerMutate(data, size, max_size);
  for (at = 0; at + BLOCK <= size; at += BLOCK) {
    if (memcmp(data + at + 257, "ustar", 5) == 0) mend_checksum(data + at);
  }
  return size;
}
