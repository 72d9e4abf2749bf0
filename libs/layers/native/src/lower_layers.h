/* What the layers below a writable layer show, by overlayfs's rules and without a mount: they never change. */
#ifndef BERTH_LOWER_LAYERS_H
#define BERTH_LOWER_LAYERS_H

#include "names.h"

#include <stdbool.h>
#include <sys/stat.h>

/* overlayfs takes no more. */
#define LOWER_LAYERS_MAX 500

struct lower_layers {
  int fd;      /* owned: the directory of all layers; -1 when there is no layer */
  char *text;  /* owned */
  size_t count;
  const char *names[LOWER_LAYERS_MAX]; /* uppermost first */
};

/* The layers that have a directory of some path, uppermost first. */
struct lower_stack {
  size_t count;
  unsigned short *layers; /* owned */
};

struct lower_entry {
  bool found;
  struct stat status;       /* of the uppermost */
  size_t layer;             /* the uppermost */
  struct lower_stack stack; /* of directories */
};

/* Opens `dir` and the layers in `list`, names with colons between them; both may be NULL. */
int lower_layers_open(struct lower_layers *layers, const char *dir, const char *list, struct layer_error *error);
void lower_layers_close(struct lower_layers *layers);

/* The stack of the root directory. */
int lower_stack_of_root(const struct lower_layers *layers, struct lower_entry *root, struct layer_error *error);

/* Looks for `path`, whose last component is in a directory with this stack. */
int lower_look(const struct lower_layers *layers, const struct lower_stack *parent, const char *path, struct lower_entry *entry,
               struct layer_error *error);

/* Adds the names that the directory `path` has in any layer of its stack; some may be hidden by others. */
int lower_names(const struct lower_layers *layers, const struct lower_stack *stack, const char *path, struct names *names,
                struct layer_error *error);

/* Opens a file of one layer for reading; -1 with errno. */
int lower_open(const struct lower_layers *layers, size_t layer, const char *path, int flags);

void lower_entry_destroy(struct lower_entry *entry);

#endif
