/* Writes an archive: to a file descriptor, compressed if need be, into a digest, or both. The digest is that of the archive itself. */
#ifndef BERTH_TAR_WRITER_H
#define BERTH_TAR_WRITER_H

#include "digest.h"
#include "encode_gzip.h"
#include "tar_header.h"

struct tar_writer {
  int fd;                    /* borrowed; -1: the archive is only hashed */
  struct gzip_encoder *gzip; /* borrowed; compresses to `fd`; NULL: nobody does */
  struct digest *digest;     /* borrowed; NULL: none */
  struct bytes header;       /* used again */
  size_t used;
  unsigned char buffer[256 * 1024];
};

int tar_write_header(struct tar_writer *writer, const struct tar_header *header, struct layer_error *error);
int tar_write_data(struct tar_writer *writer, const void *bytes, size_t length, struct layer_error *error);
int tar_write_zeros(struct tar_writer *writer, uint64_t length, struct layer_error *error);
/* Fills the last block of an entry with `length` bytes of data. */
int tar_write_padding(struct tar_writer *writer, uint64_t length, struct layer_error *error);
/* The two blocks that end an archive, and all that waits. */
int tar_write_end(struct tar_writer *writer, struct layer_error *error);
void tar_writer_destroy(struct tar_writer *writer);

#endif
