/* What differs between two stacks of layers, by overlayfs's rules and without a mount. */
#ifndef BERTH_COMPARE_H
#define BERTH_COMPARE_H

#include "lower_layers.h"

/*
 * Writes what turns `old` into `new`, in the form of changes_write. Directories that both have from the same layers are not entered, so
 * the work is that of the layers which only one of them has.
 */
int compare_write(const struct lower_layers *old, const struct lower_layers *new, int output, struct layer_error *error);

#endif
