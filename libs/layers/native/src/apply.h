/* The second half of the pipeline: makes of each tar entry what overlay needs in a layer directory. */
#ifndef BERTH_APPLY_H
#define BERTH_APPLY_H

#include "directory_times.h"
#include "report.h"
#include "root.h"
#include "tar_reader.h"

struct layer_limits {
  uint64_t max_entries;
  uint64_t max_bytes;
};

struct layer_writer {
  struct layer_root root;
  struct tar_reader reader;
  struct directory_times times;
  struct layer_limits limits;
  struct layer_result result;
};

/* Applies all entries, then sets the times of the directories. */
int apply_layer(struct layer_writer *writer, struct layer_error *error);

/* Writes what the open file or directory `fd` gets from the entry: owner, mode, extended attributes. */
int apply_attributes(struct layer_writer *writer, int fd, const struct tar_entry *entry, struct layer_error *error);

/* Makes the file and writes its data. */
int apply_regular(struct layer_writer *writer, int parent, const char *name, const struct tar_entry *entry,
                  struct layer_error *error);

/* Makes the hard link `path` to a file of the same layer. */
int apply_hardlink(struct layer_writer *writer, int parent, const struct entry_path *path, const struct tar_entry *entry,
                   struct layer_error *error);

/* Cleans a name of the archive, with an error that tells what is wrong with it. */
int clean_entry_name(const char *name, struct entry_path *path, struct layer_error *error);

/* Makes way for an entry at `name`: removes what is there. */
int clear_place(struct layer_writer *writer, int parent, const char *name, struct layer_error *error);

#endif
