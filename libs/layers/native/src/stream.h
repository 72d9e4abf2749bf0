#ifndef BERTH_STREAM_H
#define BERTH_STREAM_H

#include "options.h"

/* Opens where a command's bytes go: the file of `--output`, or the socket of `--stream`. Call it before the sandbox closes. */
int stream_open(const struct options *options, struct layer_error *error);

#endif
