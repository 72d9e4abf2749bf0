#include "options.h"

#include <errno.h>
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

static int parse_option(const char *name, const char *value, struct options *options) {
  if (strcmp(name, "--layer") == 0) return parse_string(value, &options->layer);
  if (strcmp(name, "--target") == 0) return parse_string(value, &options->target);
  if (strcmp(name, "--upper") == 0) return parse_string(value, &options->upper);
  if (strcmp(name, "--layers") == 0) return parse_string(value, &options->layers);
  if (strcmp(name, "--lowers") == 0) return parse_string(value, &options->lowers);
  if (strcmp(name, "--mount-points") == 0) return parse_string(value, &options->mount_points);
  if (strcmp(name, "--squash") == 0) return strcmp(value, "yes") == 0 ? parse_string(value, &options->squash) : -1;
  if (strcmp(name, "--output") == 0) return parse_string(value, &options->output);
  if (strcmp(name, "--stream") == 0) return parse_string(value, &options->stream);
  if (strcmp(name, "--diff-id") == 0) return parse_digest(value, &options->diff_id);
  if (strcmp(name, "--compression") == 0) return parse_compression(value, &options->compression);
  if (strcmp(name, "--max-entries") == 0) return parse_number(value, &options->limits.max_entries);
  if (strcmp(name, "--max-bytes") == 0) return parse_number(value, &options->limits.max_bytes);
  return -1;
}

int options_parse(int count, char **arguments, struct options *options, struct layer_error *error) {
  *options = (struct options){
      .compression = COMPRESSION_AUTO,
      .limits = {.max_entries = DEFAULT_MAX_ENTRIES, .max_bytes = DEFAULT_MAX_BYTES},
  };
  for (int i = 2; i < count; i += 2) {
    if (i + 1 == count) return fail(error, FAILURE_USAGE, "options", "option \"%.80s\" has no value", arguments[i]);
    if (parse_option(arguments[i], arguments[i + 1], options) < 0)
      return fail(error, FAILURE_USAGE, "options", "bad option \"%.80s %.200s\"", arguments[i], arguments[i + 1]);
  }
  return 0;
}
