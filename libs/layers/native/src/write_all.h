#ifndef BERTH_WRITE_ALL_H
#define BERTH_WRITE_ALL_H

#include "error.h"

#include <stddef.h>

/* Writes all bytes to a file, a pipe or a socket. */
int write_all(int fd, const void *bytes, size_t length, struct layer_error *error);

#endif
