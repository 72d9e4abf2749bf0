#include "lower_layers.h"

#include "cleanup.h"
#include "entry_path.h"
#include "overlay_marks.h"
#include "read_only.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define LAYER_NAME_MAX 32

struct lower_path {
  char text[LAYER_NAME_MAX + 1 + ENTRY_PATH_MAX + 1];
};

static int split(struct lower_layers *layers, const char *list) {
  char *rest;

  layers->text = strdup(list);
  rest = layers->text;
  if (!rest) return -1;
  for (char *name; (name = strsep(&rest, ":")) != NULL;) {
    if (layers->count == LOWER_LAYERS_MAX || name[0] == '\0' || name[0] == '.' || strlen(name) > LAYER_NAME_MAX ||
        strchr(name, '/'))
      return -1;
    layers->names[layers->count++] = name;
  }
  return 0;
}

int lower_layers_open(struct lower_layers *layers, const char *dir, const char *list, struct layer_error *error) {
  *layers = (struct lower_layers){.fd = -1};
  if (!dir || !list) return 0;
  if (split(layers, list) < 0) return fail(error, FAILURE_USAGE, "options", "bad list of layers \"%.200s\"", list);
  layers->fd = open_read_only(dir, error);
  return layers->fd < 0 ? -1 : 0;
}

void lower_layers_close(struct lower_layers *layers) {
  if (layers->fd >= 0) close(layers->fd);
  free(layers->text);
}

static const char *place(const struct lower_layers *layers, size_t layer, const char *path, struct lower_path *buffer) {
  snprintf(buffer->text, sizeof(buffer->text), "%s%s%s", layers->names[layer], path[0] == '\0' ? "" : "/", path);
  return buffer->text;
}

static int fail_memory(struct layer_error *error) {
  return fail(error, FAILURE_LIMIT, "memory", "out of memory");
}

int lower_stack_of_root(const struct lower_layers *layers, struct lower_entry *root, struct layer_error *error) {
  *root = (struct lower_entry){.found = layers->count > 0};
  if (!root->found) return 0;
  root->stack.layers = calloc(layers->count, sizeof(*root->stack.layers));
  if (!root->stack.layers) return fail_memory(error);
  root->stack.count = layers->count;
  for (size_t i = 0; i < layers->count; i++) root->stack.layers[i] = (unsigned short)i;
  return 0;
}

int lower_open(const struct lower_layers *layers, size_t layer, const char *path, int flags) {
  struct lower_path buffer;

  return openat(layers->fd, place(layers, layer, path, &buffer), flags | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_opaque(const struct lower_layers *layers, size_t layer, const char *path) {
  cleanup_close int fd = lower_open(layers, layer, path, O_RDONLY | O_DIRECTORY);

  return fd >= 0 && overlay_opaque(fd) == OVERLAY_OPAQUE;
}

/* Adds what one layer has; true when the layers below it matter no more. */
static bool add(size_t layer, const struct stat *status, struct lower_entry *entry) {
  bool is_directory = S_ISDIR(status->st_mode);

  if (is_whiteout(status)) return true;
  if (entry->found && !is_directory) return true;
  if (!entry->found) {
    entry->found = true;
    entry->status = *status;
    entry->layer = layer;
  }
  if (is_directory) entry->stack.layers[entry->stack.count++] = (unsigned short)layer;
  return !is_directory;
}

int lower_look(const struct lower_layers *layers, const struct lower_stack *parent, const char *path, struct lower_entry *entry,
               struct layer_error *error) {
  struct lower_path buffer;

  *entry = (struct lower_entry){0};
  if (parent->count == 0) return 0;
  entry->stack.layers = calloc(parent->count, sizeof(*entry->stack.layers));
  if (!entry->stack.layers) return fail_memory(error);
  for (size_t i = 0; i < parent->count; i++) {
    size_t layer = parent->layers[i];
    struct stat status;

    if (fstatat(layers->fd, place(layers, layer, path, &buffer), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) continue;
      return fail_errno(error, "look", "cannot look at \"%.200s\" in a layer", path);
    }
    if (add(layer, &status, entry)) break;
    if (i + 1 < parent->count && is_opaque(layers, layer, path)) break;
  }
  return 0;
}

int lower_names(const struct lower_layers *layers, const struct lower_stack *stack, const char *path, struct names *names,
                struct layer_error *error) {
  for (size_t i = 0; i < stack->count; i++) {
    cleanup_close int fd = lower_open(layers, stack->layers[i], path, O_RDONLY | O_DIRECTORY);

    if (fd < 0) return fail_errno(error, "look", "cannot open \"%.200s\" in a layer", path);
    if (names_add(fd, names, error) < 0) return -1;
  }
  return 0;
}

void lower_entry_destroy(struct lower_entry *entry) {
  free(entry->stack.layers);
  entry->stack = (struct lower_stack){0};
}
