#include "tar_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, "ustar Interchange Format" */
struct ustar {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];
  char version[2];
  char user[32];
  char group[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char padding[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK_SIZE, "a header is one block");

#define OCTAL_MAX(field) ((1ULL << (3 * (sizeof(field) - 1))) - 1)
#define PAX_TYPE 'x'
#define PAX_NAME "PaxHeaders"
#define SPARSE_NAME "GNUSparseFile"
/* The longest line of digits in a map of extents. */
#define MAP_LINE_MAX 24

static const char types[] = {
    [TAR_DIRECTORY] = '5', [TAR_REGULAR] = '0', [TAR_HARDLINK] = '1', [TAR_SYMLINK] = '2',
    [TAR_CHARACTER] = '3', [TAR_BLOCK] = '4',   [TAR_FIFO] = '6',
};

/* Fills a field with digits and a NUL. */
static void put_octal(char *field, size_t size, uint64_t value) {
  field[size - 1] = '\0';
  for (size_t i = size - 1; i-- > 0; value >>= 3) field[i] = (char)('0' + (value & 7));
}

/* Fields of text need no NUL when they are full. */
static void put_text(char *field, size_t size, const char *text) {
  size_t length = strnlen(text, size);

  memcpy(field, text, length);
}

static void pad(struct bytes *out, size_t length) {
  size_t rest = length % TAR_BLOCK_SIZE;

  if (rest > 0) bytes_extend(out, TAR_BLOCK_SIZE - rest);
}

static void put_checksum(struct ustar *block) {
  const unsigned char *bytes = (const unsigned char *)block;
  unsigned sum = 0;

  memset(block->checksum, ' ', sizeof(block->checksum));
  for (size_t i = 0; i < sizeof(*block); i++) sum += bytes[i];
  put_octal(block->checksum, sizeof(block->checksum) - 1, sum);
}

/* A record of an extended header begins with its own length, the digits of that included. */
static void add_record(struct bytes *records, const char *key, const void *value, size_t length) {
  size_t rest = strlen(key) + length + 3; /* space, `=`, newline */
  size_t total = rest + 1;
  char start[48];

  while (total != rest + (size_t)snprintf(NULL, 0, "%zu", total)) total++;
  snprintf(start, sizeof(start), "%zu ", total);
  bytes_append(records, start, strlen(start));
  bytes_append(records, key, strlen(key));
  bytes_append(records, "=", 1);
  bytes_append(records, value, length);
  bytes_append(records, "\n", 1);
}

static void add_number(struct bytes *records, const char *key, uint64_t value) {
  char text[24];

  add_record(records, key, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, value));
}

static void add_time(struct bytes *records, struct timespec time) {
  char text[48];
  int length = snprintf(text, sizeof(text), "%lld", (long long)time.tv_sec);

  if (time.tv_nsec > 0) {
    length += snprintf(text + length, sizeof(text) - (size_t)length, ".%09ld", time.tv_nsec);
    while (text[length - 1] == '0') length--;
  }
  add_record(records, "mtime", text, (size_t)length);
}

static bool fits_time(struct timespec time) {
  return time.tv_nsec == 0 && time.tv_sec >= 0 && (uint64_t)time.tv_sec <= OCTAL_MAX(((struct ustar *)0)->mtime);
}

static void add_xattrs(struct bytes *records, const struct tar_header *header) {
  for (size_t i = 0; i < header->xattr_count; i++) {
    char key[320];

    snprintf(key, sizeof(key), "SCHILY.xattr.%s", header->xattrs[i].name);
    add_record(records, key, header->xattrs[i].value, header->xattrs[i].size);
  }
}

/* https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html, "PAX Format, Version 1.0" */
static void add_sparse(struct bytes *records, const struct tar_header *header, const char *name) {
  add_record(records, "GNU.sparse.major", "1", 1);
  add_record(records, "GNU.sparse.minor", "0", 1);
  add_record(records, "GNU.sparse.name", name, strlen(name));
  add_number(records, "GNU.sparse.realsize", header->size);
}

static void append_extent(struct bytes *out, uint64_t offset, uint64_t length) {
  char lines[2 * MAP_LINE_MAX];

  bytes_append(out, lines, (size_t)snprintf(lines, sizeof(lines), "%" PRIu64 "\n%" PRIu64 "\n", offset, length));
}

/* A hole at the end is followed by an empty extent, as GNU tar has it. */
static void append_map(const struct extents *extents, uint64_t size, struct bytes *out) {
  const struct extent *last = extents->count > 0 ? &extents->items[extents->count - 1] : NULL;
  bool ends_with_hole = !last || last->offset + last->length < size;
  char count[MAP_LINE_MAX];

  bytes_append(out, count, (size_t)snprintf(count, sizeof(count), "%zu\n", extents->count + ends_with_hole));
  for (size_t i = 0; i < extents->count; i++) append_extent(out, extents->items[i].offset, extents->items[i].length);
  if (ends_with_hole) append_extent(out, size, 0);
  pad(out, out->length);
}

static uint64_t data_size(const struct extents *extents) {
  uint64_t size = 0;

  for (size_t i = 0; i < extents->count; i++) size += extents->items[i].length;
  return size;
}

static void append_block(const struct tar_header *header, const char *name, char type, uint64_t size, struct bytes *out) {
  struct ustar block = {.magic = "ustar", .version = {'0', '0'}, .type = type};
  uint64_t mtime = header->mtime.tv_sec < 0 ? 0 : (uint64_t)header->mtime.tv_sec;

  put_text(block.name, sizeof(block.name), name);
  put_octal(block.mode, sizeof(block.mode), header->mode & 07777);
  put_octal(block.uid, sizeof(block.uid), header->uid <= OCTAL_MAX(block.uid) ? header->uid : 0);
  put_octal(block.gid, sizeof(block.gid), header->gid <= OCTAL_MAX(block.gid) ? header->gid : 0);
  put_octal(block.size, sizeof(block.size), size <= OCTAL_MAX(block.size) ? size : 0);
  put_octal(block.mtime, sizeof(block.mtime), mtime <= OCTAL_MAX(block.mtime) ? mtime : 0);
  if (type == '1' || type == '2') put_text(block.link, sizeof(block.link), header->link);
  if (type == '3' || type == '4') {
    put_octal(block.device_major, sizeof(block.device_major), major(header->device));
    put_octal(block.device_minor, sizeof(block.device_minor), minor(header->device));
  }
  put_checksum(&block);
  bytes_append(out, &block, sizeof(block));
}

static void append_records(const struct bytes *records, struct bytes *out) {
  const struct tar_header blank = {.mode = 0644};

  if (records->length == 0) return;
  append_block(&blank, PAX_NAME, PAX_TYPE, records->length, out);
  bytes_append(out, records->data, records->length);
  pad(out, records->length);
}

void tar_header_append(const struct tar_header *header, struct bytes *out) {
  const struct ustar *fields = NULL;
  bool has_link = header->type == TAR_HARDLINK || header->type == TAR_SYMLINK;
  uint64_t size = header->type == TAR_REGULAR ? header->size : 0;
  struct bytes records = {0};
  struct bytes map = {0};
  struct bytes name = {0};

  bytes_append(&name, header->name[0] == '\0' ? "." : header->name, header->name[0] == '\0' ? 1 : strlen(header->name));
  if (header->type == TAR_DIRECTORY) bytes_append(&name, "/", 1);
  bytes_append(&name, "", 1);
  if (name.failed) goto out;
  if (header->extents) {
    append_map(header->extents, header->size, &map);
    size = map.length + data_size(header->extents);
    add_sparse(&records, header, (const char *)name.data);
  } else if (name.length - 1 > sizeof(fields->name)) {
    add_record(&records, "path", name.data, name.length - 1);
  }
  if (has_link && strlen(header->link) > sizeof(fields->link))
    add_record(&records, "linkpath", header->link, strlen(header->link));
  if (size > OCTAL_MAX(fields->size)) add_number(&records, "size", size);
  if (header->uid > OCTAL_MAX(fields->uid)) add_number(&records, "uid", header->uid);
  if (header->gid > OCTAL_MAX(fields->gid)) add_number(&records, "gid", header->gid);
  if (!fits_time(header->mtime)) add_time(&records, header->mtime);
  add_xattrs(&records, header);
  append_records(&records, out);
  append_block(header, header->extents ? SPARSE_NAME : (const char *)name.data, types[header->type], size, out);
  bytes_append(out, map.data, map.length);
out:
  out->failed = out->failed || records.failed || map.failed || name.failed;
  bytes_destroy(&records);
  bytes_destroy(&map);
  bytes_destroy(&name);
}

struct timespec tar_time(struct timespec time) {
  if (time.tv_sec < 0) time.tv_nsec = 0;
  return time;
}
