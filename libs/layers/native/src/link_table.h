/* Which files were met already: hard links of one file. */
#ifndef BERTH_LINK_TABLE_H
#define BERTH_LINK_TABLE_H

#include <stdlib.h>
#include <sys/stat.h>

struct link {
  dev_t device;
  ino_t inode;
  char *path; /* owned; NULL: a free place */
};

struct link_table {
  struct link *links;
  size_t count;
  size_t capacity; /* a power of two, or 0 */
};

/* The path of the file that was met first; NULL when it is this one, which is remembered. -1 in `failed` when memory has run out. */
const char *link_table_find(struct link_table *table, const struct stat *status, const char *path, int *failed);
void link_table_destroy(struct link_table *table);

#endif
