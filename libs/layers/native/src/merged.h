#ifndef BERTH_MERGED_H
#define BERTH_MERGED_H

#include "error.h"

/* Moves the process into a mount namespace of its own. What it has open stays in the old one. */
int own_mounts(struct layer_error *error);

/*
 * Opens, read-only, what a container sees: a writable layer over the layers below it, names with colons between them. Needs own_mounts, and
 * covers the directory of the layers. Only reads the writable layer, so the container may go on.
 */
int merged_open(const char *upper, const char *layers, const char *lowers, struct layer_error *error);

#endif
