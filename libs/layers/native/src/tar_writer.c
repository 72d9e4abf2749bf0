#include "tar_writer.h"

#include "write_all.h"

#include <string.h>

static int put(struct tar_writer *writer, const unsigned char *bytes, size_t length, struct layer_error *error) {
  if (writer->digest) digest_update(writer->digest, bytes, length);
  if (writer->fd < 0) return 0;
  if (writer->gzip) return gzip_encode(writer->gzip, bytes, length, error);
  return write_all(writer->fd, bytes, length, error);
}

static int flush(struct tar_writer *writer, struct layer_error *error) {
  size_t used = writer->used;

  writer->used = 0;
  return put(writer, writer->buffer, used, error);
}

int tar_write_data(struct tar_writer *writer, const void *bytes, size_t length, struct layer_error *error) {
  if (length > sizeof(writer->buffer) - writer->used && flush(writer, error) < 0) return -1;
  if (length > sizeof(writer->buffer)) return put(writer, bytes, length, error);
  memcpy(writer->buffer + writer->used, bytes, length);
  writer->used += length;
  return 0;
}

int tar_write_header(struct tar_writer *writer, const struct tar_header *header, struct layer_error *error) {
  writer->header.length = 0;
  tar_header_append(header, &writer->header);
  if (writer->header.failed) return fail(error, FAILURE_LIMIT, "tar", "out of memory");
  return tar_write_data(writer, writer->header.data, writer->header.length, error);
}

int tar_write_zeros(struct tar_writer *writer, uint64_t length, struct layer_error *error) {
  static const unsigned char zeros[16 * 1024];

  while (length > 0) {
    size_t part = length < sizeof(zeros) ? (size_t)length : sizeof(zeros);

    if (tar_write_data(writer, zeros, part, error) < 0) return -1;
    length -= part;
  }
  return 0;
}

int tar_write_padding(struct tar_writer *writer, uint64_t length, struct layer_error *error) {
  uint64_t rest = length % TAR_BLOCK_SIZE;

  return rest == 0 ? 0 : tar_write_zeros(writer, TAR_BLOCK_SIZE - rest, error);
}

int tar_write_end(struct tar_writer *writer, struct layer_error *error) {
  if (tar_write_zeros(writer, (uint64_t)2 * TAR_BLOCK_SIZE, error) < 0) return -1;
  if (flush(writer, error) < 0) return -1;
  return writer->gzip ? gzip_encode_end(writer->gzip, error) : 0;
}

void tar_writer_destroy(struct tar_writer *writer) {
  bytes_destroy(&writer->header);
}
