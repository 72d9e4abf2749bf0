/* The names in directories, in the order of their bytes. */
#ifndef BERTH_NAMES_H
#define BERTH_NAMES_H

#include "bytes.h"
#include "error.h"

struct names {
  struct bytes text; /* all names, each with its NUL */
  char **items;      /* sorted, each once */
  size_t count;
};

/* Adds the names in an open directory, from its start, without `.` and `..`. */
int names_add(int directory, struct names *names, struct layer_error *error);
void names_destroy(struct names *names);

/* Destroys it when it leaves its scope. */
#define cleanup_names __attribute__((cleanup(names_destroy)))

#endif
