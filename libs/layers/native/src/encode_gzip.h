/*
 * Compresses to a file descriptor. The file says neither time nor name: the same bytes in the same pieces give the same file, on the same kind
 * of machine.
 */
#ifndef BERTH_ENCODE_GZIP_H
#define BERTH_ENCODE_GZIP_H

#include "error.h"

#include <isa-l/igzip_lib.h>
#include <stddef.h>

struct gzip_encoder {
  int fd; /* borrowed */
  struct isal_zstream stream;
  unsigned char state[ISAL_DEF_LVL3_DEFAULT];
  unsigned char output[256 * 1024];
};

void gzip_encoder_init(struct gzip_encoder *encoder, int fd);
int gzip_encode(struct gzip_encoder *encoder, const unsigned char *bytes, size_t length, struct layer_error *error);
/* Writes what waits, and the end. */
int gzip_encode_end(struct gzip_encoder *encoder, struct layer_error *error);

#endif
