/* A directory in which something has changed counts as changed, as in github.com/moby/go-archive, changes.go. */
#include "changes.h"

#include "cleanup.h"

#include <fcntl.h>

struct changes {
  struct upper *upper;
  struct change_list list;
};

/* The directories above first, if nothing was told of them. The root is never told. */
static void tell_above(struct changes *changes, struct upper_entry *entry) {
  if (!entry->above || entry->mark != CHANGE_NONE) return;
  tell_above(changes, entry->above);
  entry->mark = CHANGE_CHANGED;
  change_list_put(&changes->list, entry->path, entry->path_length, CHANGE_CHANGED);
}

static int tell(struct changes *changes, struct upper_entry *entry, enum change change, struct layer_error *error) {
  tell_above(changes, entry->above);
  entry->mark = (int)change;
  change_list_put(&changes->list, entry->path, entry->path_length, change);
  return change_list_relieve(&changes->list, error);
}

static bool has_same_capability(const struct changes *changes, const struct upper_entry *entry) {
  cleanup_close int new = -1;
  cleanup_close int old = -1;

  if (!S_ISREG(entry->status.st_mode)) return true;
  new = openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  old = lower_open(&changes->upper->layers, entry->below.layer, entry->path, O_RDONLY);
  return same_capability(old, new);
}

static int enter(void *context, struct upper_entry *entry, struct layer_error *error) {
  struct changes *changes = context;

  if (!entry->above) return 0;
  if (entry->is_gone) return entry->below.found ? tell(changes, entry, CHANGE_DELETED, error) : 0;
  if (!entry->below.found) return tell(changes, entry, CHANGE_ADDED, error);
  if (same_status(&entry->below.status, &entry->status) && has_same_capability(changes, entry)) return 0;
  return tell(changes, entry, CHANGE_CHANGED, error);
}

int changes_write(struct upper *upper, int output, struct layer_error *error) {
  struct changes changes = {.upper = upper, .list = {.output = output}};
  int result;

  upper->visitor = (struct upper_visitor){.enter = enter, .context = &changes, .wants_hidden = true};
  result = upper_walk(upper, error);
  if (result == 0) result = change_list_flush(&changes.list, error);
  change_list_destroy(&changes.list);
  return result;
}
