#include "report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JSON_ESCAPE_MAX 6

size_t json_quote(const char *text, char *buffer, size_t size) {
  size_t used = 0;

  buffer[used++] = '"';
  for (; *text != '\0' && used + JSON_ESCAPE_MAX + 2 <= size; text++) {
    unsigned char byte = (unsigned char)*text;

    if (byte == '"' || byte == '\\') {
      buffer[used++] = '\\';
      buffer[used++] = (char)byte;
    } else if (byte >= 0x20 && byte < 0x7f) {
      buffer[used++] = (char)byte;
    } else {
      used += (size_t)snprintf(buffer + used, size - used, "\\u%04x", byte);
    }
  }
  buffer[used++] = '"';
  buffer[used] = '\0';
  return used;
}

/* A line is shorter than PIPE_BUF, so one write takes all of it. A caller that has gone is not an error of ours. */
static void write_line(const char *line, int length) {
  if (length > 0 && write(STDOUT_FILENO, line, (size_t)length) < 0) return;
}

void report_progress(uint64_t read_bytes) {
  char line[64];

  write_line(line, snprintf(line, sizeof(line), "{\"progress\":{\"readBytes\":%llu}}\n", (unsigned long long)read_bytes));
}

void report_result(const struct layer_result *result) {
  char root[96] = "null";
  char line[320];

  if (result->has_root)
    snprintf(root, sizeof(root), "{\"mode\":%u,\"uid\":%u,\"gid\":%u}", result->root_mode, result->root_uid, result->root_gid);
  write_line(line,
             snprintf(line, sizeof(line), "{\"result\":{\"diffId\":\"%s\",\"sizeBytes\":%llu,\"entries\":%llu,\"root\":%s}}\n",
                      result->diff_id, (unsigned long long)result->size_bytes, (unsigned long long)result->entries, root));
}

void report_done(void) {
  static const char line[] = "{\"done\":{}}\n";

  write_line(line, (int)sizeof(line) - 1);
}

void report_usage(uint64_t bytes) {
  char line[64];

  write_line(line, snprintf(line, sizeof(line), "{\"usage\":{\"bytes\":%llu}}\n", (unsigned long long)bytes));
}

void report_opaque(bool is_opaque) {
  char line[48];

  write_line(line, snprintf(line, sizeof(line), "{\"directory\":{\"opaque\":%s}}\n", is_opaque ? "true" : "false"));
}

/* A long target is cut: what follows it knows the whole. */
#define LINK_SHOWN_MAX 512

void report_stat(const struct container_path *path) {
  char name[sizeof(path->shown) * JSON_ESCAPE_MAX + 3];
  char link[LINK_SHOWN_MAX * JSON_ESCAPE_MAX + 3];
  char line[sizeof(name) + sizeof(link) + 160];

  json_quote(path->shown, name, sizeof(name));
  json_quote(path->link, link, sizeof(link));
  write_line(line,
             snprintf(line, sizeof(line),
                      "{\"stat\":{\"name\":%s,\"sizeBytes\":%lld,\"mode\":%u,\"seconds\":%lld,\"nanos\":%ld,\"link\":%s}}\n", name,
                      (long long)path->status.st_size, path->status.st_mode, (long long)path->status.st_mtim.tv_sec,
                      path->status.st_mtim.tv_nsec, link));
}

void report_error(const struct layer_error *error) {
  char detail[sizeof(error->detail) * JSON_ESCAPE_MAX + 3];
  char line[sizeof(detail) + 160];

  json_quote(error->detail, detail, sizeof(detail));
  write_line(line, snprintf(line, sizeof(line), "{\"error\":{\"reason\":\"%s\",\"step\":\"%s\",\"errno\":%d,\"detail\":%s}}\n",
                            failure_reason(error->kind), error->step, error->errnum, detail));
}
