#ifndef BERTH_REMOVE_TREE_H
#define BERTH_REMOVE_TREE_H

#include "error.h"

/* Removes what `name` is in the directory `parent`, with everything below it. Follows no symbolic link. */
int remove_tree(int parent, const char *name, struct layer_error *error);

#endif
