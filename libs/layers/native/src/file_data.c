#include "file_data.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BUFFER_SIZE (4 * EXTENT_CHUNK)

static unsigned char buffer[BUFFER_SIZE];

static uint64_t smaller(uint64_t left, uint64_t right) {
  return left < right ? left : right;
}

/* Reads up to `length` bytes, less at the end of the file only; -1 with errno. */
static ssize_t read_at(int fd, unsigned char *bytes, size_t length, uint64_t offset) {
  size_t done = 0;

  while (done < length) {
    ssize_t got = pread(fd, bytes + done, length - done, (off_t)(offset + done));

    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

static int write_at(int fd, const unsigned char *bytes, size_t length, uint64_t offset) {
  while (length > 0) {
    ssize_t done = pwrite(fd, bytes, length, (off_t)offset);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    bytes += done;
    offset += (uint64_t)done;
    length -= (size_t)done;
  }
  return 0;
}

/* Where data begins at `offset` or behind it, at the start of its chunk; `size` when there is none. */
static uint64_t next_data(int fd, uint64_t offset, uint64_t size) {
  off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

  if (data < 0) return errno == ENXIO ? size : offset;
  data -= data % (off_t)EXTENT_CHUNK;
  return (uint64_t)data < offset ? offset : smaller((uint64_t)data, size);
}

/*
 * Notes the chunks of a buffer that are data, and writes them to `to` when it is a file. A chunk is noted whole, also when the file has
 * become shorter since.
 */
static int take_chunks(int to, size_t length, uint64_t offset, uint64_t size, struct extents *extents, struct layer_error *error) {
  for (size_t at = 0; at < length; at += EXTENT_CHUNK) {
    size_t part = (size_t)smaller(length - at, EXTENT_CHUNK);

    if (size > EXTENT_CHUNK && is_zero(buffer + at, part)) continue;
    if (to >= 0 && write_at(to, buffer + at, part, offset + at) != 0) return fail_errno(error, "write", "cannot copy a file");
    if (extents_add(extents, offset + at, smaller(size - offset - at, EXTENT_CHUNK)) < 0) return fail(error, FAILURE_LIMIT, "memory", "out of memory");
  }
  return 0;
}

/* Reads a file once, with the holes that it has skipped. `to` may be -1. */
static int scan(int from, int to, uint64_t size, struct extents *extents, struct layer_error *error) {
  uint64_t offset = 0;

  extents_clear(extents);
  while (offset < size) {
    ssize_t length;

    if (size > EXTENT_CHUNK) offset = next_data(from, offset, size);
    length = read_at(from, buffer, (size_t)smaller(size - offset, sizeof(buffer)), offset);
    if (length < 0) return fail_errno(error, "read", "cannot read a file");
    if (length == 0) break;
    if (take_chunks(to, (size_t)length, offset, size, extents, error) < 0) return -1;
    offset += (uint64_t)length;
  }
  return 0;
}

static int note_whole(uint64_t size, struct extents *extents, struct layer_error *error) {
  extents_clear(extents);
  return extents_add(extents, 0, size) == 0 ? 0 : fail(error, FAILURE_LIMIT, "memory", "out of memory");
}

int file_copy(int from, int to, uint64_t size, struct extents *extents, struct layer_error *error) {
  /* Where the file system can share blocks, the copy costs none; then it is the copy that is read, and no longer changes. */
  bool shared = to >= 0 && size > EXTENT_CHUNK && ioctl(to, FICLONE, from) == 0;

  if (shared && ftruncate(to, (off_t)size) != 0) return fail_errno(error, "write", "cannot set the size of a file");
  if (scan(shared ? to : from, shared ? -1 : to, size, extents, error) < 0) return -1;
  if (to >= 0 && !shared && ftruncate(to, (off_t)size) != 0) return fail_errno(error, "write", "cannot set the size of a file");
  return size > 0 && size <= EXTENT_CHUNK ? note_whole(size, extents, error) : 0;
}

static int archive_extent(int from, const struct extent *extent, struct tar_writer *writer, struct layer_error *error) {
  for (uint64_t done = 0; done < extent->length;) {
    size_t part = (size_t)smaller(extent->length - done, sizeof(buffer));
    ssize_t length = read_at(from, buffer, part, extent->offset + done);

    if (length < 0) return fail_errno(error, "read", "cannot read a file");
    if (length == 0) return tar_write_zeros(writer, extent->length - done, error);
    if (tar_write_data(writer, buffer, (size_t)length, error) < 0) return -1;
    done += (uint64_t)length;
  }
  return 0;
}

int file_archive(int from, const struct extents *extents, struct tar_writer *writer, struct layer_error *error) {
  uint64_t size = 0;

  for (size_t i = 0; i < extents->count; i++) {
    if (archive_extent(from, &extents->items[i], writer, error) < 0) return -1;
    size += extents->items[i].length;
  }
  return tar_write_padding(writer, size, error);
}
