/* What a container has changed, as `docker diff` tells it. */
#ifndef BERTH_CHANGES_H
#define BERTH_CHANGES_H

#include "change_list.h"
#include "upper.h"

/* Writes for each change its letter, the absolute path and a NUL to `output`. */
int changes_write(struct upper *upper, int output, struct layer_error *error);

#endif
