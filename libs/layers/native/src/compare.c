#include "compare.h"

#include "change_list.h"
#include "cleanup.h"
#include "entry_path.h"

#include <fcntl.h>
#include <string.h>

struct compare {
  const struct lower_layers *old;
  const struct lower_layers *new;
  struct change_list list;
  char path[ENTRY_PATH_MAX + 1];
};

/* A directory on the way down. */
struct level {
  struct level *above; /* NULL: the root, which is never told */
  size_t path_length;
  bool is_told;
};

/* What one path is in both. */
struct pair {
  struct lower_entry old;
  struct lower_entry new;
};

static int compare_directory(struct compare *compare, struct level *level, const struct pair *pair, struct layer_error *error);

static void pair_destroy(struct pair *pair) {
  lower_entry_destroy(&pair->old);
  lower_entry_destroy(&pair->new);
}

#define cleanup_pair __attribute__((cleanup(pair_destroy)))

static void tell_level(struct compare *compare, struct level *level) {
  if (!level->above || level->is_told) return;
  tell_level(compare, level->above);
  level->is_told = true;
  change_list_put(&compare->list, compare->path, level->path_length, CHANGE_CHANGED);
}

static int tell(struct compare *compare, struct level *level, enum change change, struct layer_error *error) {
  tell_level(compare, level->above);
  level->is_told = true;
  change_list_put(&compare->list, compare->path, level->path_length, change);
  return change_list_relieve(&compare->list, error);
}

static bool is_same_layer(const struct compare *compare, size_t old, size_t new) {
  return strcmp(compare->old->names[old], compare->new->names[new]) == 0;
}

/* The same layers: then all that is below is the same. */
static bool is_same_stack(const struct compare *compare, const struct lower_stack *old, const struct lower_stack *new) {
  if (old->count != new->count) return false;
  for (size_t i = 0; i < old->count; i++) {
    if (!is_same_layer(compare, old->layers[i], new->layers[i])) return false;
  }
  return true;
}

static bool is_same_file(const struct compare *compare, const struct pair *pair) {
  cleanup_close int old = -1;
  cleanup_close int new = -1;

  if (is_same_layer(compare, pair->old.layer, pair->new.layer)) return true;
  if (!same_status(&pair->old.status, &pair->new.status)) return false;
  if (!S_ISREG(pair->new.status.st_mode)) return true;
  old = lower_open(compare->old, pair->old.layer, compare->path, O_RDONLY);
  new = lower_open(compare->new, pair->new.layer, compare->path, O_RDONLY);
  return same_capability(old, new);
}

static int compare_pair(struct compare *compare, struct level *level, const struct pair *pair, struct layer_error *error) {
  if (!pair->old.found && !pair->new.found) return 0;
  if (!pair->new.found) return tell(compare, level, CHANGE_DELETED, error);
  if (!pair->old.found && tell(compare, level, CHANGE_ADDED, error) < 0) return -1;
  if (pair->old.found && !is_same_file(compare, pair) && tell(compare, level, CHANGE_CHANGED, error) < 0) return -1;
  return S_ISDIR(pair->new.status.st_mode) ? compare_directory(compare, level, pair, error) : 0;
}

static int compare_name(struct compare *compare, struct level *directory, const struct pair *above, const char *name,
                        struct layer_error *error) {
  size_t start = directory->path_length + (directory->path_length > 0);
  size_t length = strlen(name);
  struct level level = {.above = directory, .path_length = start + length};
  cleanup_pair struct pair pair = {0};
  int result;

  if (level.path_length > ENTRY_PATH_MAX)
    return fail(error, FAILURE_INVALID, "compare", "the path of \"%.200s\" is too long", name);
  if (directory->path_length > 0) compare->path[directory->path_length] = '/';
  memcpy(compare->path + start, name, length + 1);
  if (lower_look(compare->old, &above->old.stack, compare->path, &pair.old, error) < 0 ||
      lower_look(compare->new, &above->new.stack, compare->path, &pair.new, error) < 0)
    return -1;
  result = compare_pair(compare, &level, &pair, error);
  compare->path[directory->path_length] = '\0';
  return result;
}

static int compare_directory(struct compare *compare, struct level *level, const struct pair *pair, struct layer_error *error) {
  cleanup_names struct names names = {0};

  if (is_same_stack(compare, &pair->old.stack, &pair->new.stack)) return 0;
  if (lower_names(compare->old, &pair->old.stack, compare->path, &names, error) < 0 ||
      lower_names(compare->new, &pair->new.stack, compare->path, &names, error) < 0)
    return -1;
  for (size_t i = 0; i < names.count; i++) {
    if (compare_name(compare, level, pair, names.items[i], error) < 0) return -1;
  }
  return 0;
}

int compare_write(const struct lower_layers *old, const struct lower_layers *new, int output, struct layer_error *error) {
  struct compare compare = {.old = old, .new = new, .list = {.output = output}};
  struct level root = {0};
  cleanup_pair struct pair pair = {0};
  int result = lower_stack_of_root(old, &pair.old, error);

  if (result == 0) result = lower_stack_of_root(new, &pair.new, error);
  if (result == 0) result = compare_directory(&compare, &root, &pair, error);
  if (result == 0) result = change_list_flush(&compare.list, error);
  change_list_destroy(&compare.list);
  return result;
}
