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

/* How an archive that is no layer is applied to a tree that is there. */
struct apply_rules {
  bool literal;    /* no name has a meaning */
  bool keep_place; /* a directory takes no place of another kind of file, nor the other way round */
  bool set_owner;  /* all belongs to `owner` and `group` */
  uid_t owner;
  gid_t group;
  struct entry_path base; /* where in the tree */
};

struct layer_writer {
  struct apply_rules rules;
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

/* Puts a cleaned name of the archive below the base. */
int apply_base(const struct layer_writer *writer, struct entry_path *path, struct layer_error *error);

/* Makes way for an entry at `name`: removes what is there. */
int clear_place(struct layer_writer *writer, int parent, const char *name, struct layer_error *error);

#endif
