#ifndef BERTH_READ_ONLY_H
#define BERTH_READ_ONLY_H

#include "error.h"

/* Opens a directory of the host through a mount of its own that nothing can be written, executed or opened as a device through. */
int open_read_only(const char *path, struct layer_error *error);

#endif
