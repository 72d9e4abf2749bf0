#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_ENTRIES 2000000ULL
#define DEFAULT_MAX_BYTES (256ULL << 30)
#define DIGEST_PREFIX "sha256:"
#define DIGEST_LENGTH 71

static int parse_number(const char *text, uint64_t *number) {
  char *end = NULL;
  unsigned long long value;

  if (text[0] < '0' || text[0] > '9') return -1;
  errno = 0;
  value = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0') return -1;
  *number = value;
  return 0;
}

static int parse_compression(const char *text, enum compression *compression) {
  static const char *const names[] = {
      [COMPRESSION_AUTO] = "auto", [COMPRESSION_NONE] = "none", [COMPRESSION_GZIP] = "gzip", [COMPRESSION_ZSTD] = "zstd"};

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (strcmp(text, names[i]) == 0) {
      *compression = (enum compression)i;
      return 0;
    }
  }
  return -1;
}

static int parse_digest(const char *text, const char **digest) {
  if (strlen(text) != DIGEST_LENGTH || strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) != 0 ||
      strspn(text + strlen(DIGEST_PREFIX), "0123456789abcdef") != DIGEST_LENGTH - strlen(DIGEST_PREFIX))
    return -1;
  *digest = text;
  return 0;
}

static int parse_string(const char *text, const char **string) {
  *string = text;
  return text[0] == '\0' ? -1 : 0;
}

static int parse_flag(const char *text, bool *flag) {
  *flag = strcmp(text, "yes") == 0;
  return *flag ? 0 : -1;
}

static int parse_pid(const char *text, pid_t *pid) {
  uint64_t number = 0;

  if (parse_number(text, &number) < 0 || number == 0 || number > INT32_MAX) return -1;
  *pid = (pid_t)number;
  return 0;
}

/* `uid:gid` */
static int parse_owner(const char *text, struct options *options) {
  const char *colon = strchr(text, ':');
  char uid[16];
  uint64_t user = 0;
  uint64_t group = 0;

  if (!colon || (size_t)(colon - text) >= sizeof(uid)) return -1;
  snprintf(uid, sizeof(uid), "%.*s", (int)(colon - text), text);
  if (parse_number(uid, &user) < 0 || parse_number(colon + 1, &group) < 0 || user >= UINT32_MAX || group >= UINT32_MAX) return -1;
  options->set_owner = true;
  options->owner = (uid_t)user;
  options->group = (gid_t)group;
  return 0;
}

static int parse_container_option(const char *name, const char *value, struct options *options) {
  uint64_t ticks = 0;

  if (strcmp(name, "--pid") == 0) return parse_pid(value, &options->container.pid);
  if (strcmp(name, "--root") == 0) return parse_string(value, &options->root);
  if (strcmp(name, "--path") == 0) return parse_string(value, &options->path);
  if (strcmp(name, "--follow") == 0) return parse_flag(value, &options->follow);
  if (strcmp(name, "--whole") == 0) return parse_flag(value, &options->whole);
  if (strcmp(name, "--keep-place") == 0) return parse_flag(value, &options->keep_place);
  if (strcmp(name, "--owner") == 0) return parse_owner(value, options);
  if (strcmp(name, "--start-ticks") != 0 || parse_number(value, &ticks) < 0) return -1;
  options->container.start_ticks = ticks;
  return 0;
}

static int parse_size(const char *text, uint64_t *size) {
  if (strcmp(text, "unknown") != 0) return parse_number(text, size);
  *size = UINT64_MAX;
  return 0;
}

static int parse_option(const char *name, const char *value, struct options *options) {
  if (strcmp(name, "--layer") == 0) return parse_string(value, &options->layer);
  if (strcmp(name, "--offset") == 0) return parse_number(value, &options->offset);
  if (strcmp(name, "--length") == 0) return parse_number(value, &options->length);
  if (strcmp(name, "--size") == 0) return parse_size(value, &options->size);
  if (strcmp(name, "--target") == 0) return parse_string(value, &options->target);
  if (strcmp(name, "--upper") == 0) return parse_string(value, &options->upper);
  if (strcmp(name, "--layers") == 0) return parse_string(value, &options->layers);
  if (strcmp(name, "--lowers") == 0) return parse_string(value, &options->lowers);
  if (strcmp(name, "--others") == 0) return parse_string(value, &options->others);
  if (strcmp(name, "--mount-points") == 0) return parse_string(value, &options->mount_points);
  if (strcmp(name, "--squash") == 0) return parse_flag(value, &options->squash);
  if (strcmp(name, "--output") == 0) return parse_string(value, &options->output);
  if (strcmp(name, "--stream") == 0) return parse_string(value, &options->stream);
  if (strcmp(name, "--diff-id") == 0) return parse_digest(value, &options->diff_id);
  if (strcmp(name, "--compression") == 0) return parse_compression(value, &options->compression);
  if (strcmp(name, "--max-entries") == 0) return parse_number(value, &options->limits.max_entries);
  if (strcmp(name, "--max-bytes") == 0) return parse_number(value, &options->limits.max_bytes);
  return parse_container_option(name, value, options);
}

int options_parse(int count, char **arguments, struct options *options, struct layer_error *error) {
  *options = (struct options){
      .compression = COMPRESSION_AUTO,
      .length = UINT64_MAX,
      .limits = {.max_entries = DEFAULT_MAX_ENTRIES, .max_bytes = DEFAULT_MAX_BYTES},
  };
  for (int i = 2; i < count; i += 2) {
    if (i + 1 == count) return fail(error, FAILURE_USAGE, "options", "option \"%.80s\" has no value", arguments[i]);
    if (parse_option(arguments[i], arguments[i + 1], options) < 0)
      return fail(error, FAILURE_USAGE, "options", "bad option \"%.80s %.200s\"", arguments[i], arguments[i + 1]);
  }
  return 0;
}
