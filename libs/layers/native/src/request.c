#include "request.h"

#include <stdbool.h>
#include <string.h>

static bool is_id(const char *text) {
  size_t digits = strspn(text, "0123456789");

  return digits > 0 && digits <= REQUEST_ID_MAX && text[digits] == '\0';
}

static bool add_field(struct request *request, char *field) {
  if (!request->id) {
    request->id = field;
    return is_id(field);
  }
  if (request->count > REQUEST_ARGUMENTS_MAX) return false;
  request->arguments[request->count++] = field;
  request->arguments[request->count] = NULL;
  return true;
}

ssize_t request_parse(char *bytes, size_t length, struct request *request) {
  static char program[] = "berth-layer";
  size_t start = 0;

  *request = (struct request){.id = NULL, .count = 1, .arguments = {program}};
  while (start < length) {
    char *end = memchr(bytes + start, '\0', length - start);
    size_t field_length;

    if (!end) break;
    field_length = (size_t)(end - bytes) - start;
    if (field_length == 0) return request->count > 1 ? (ssize_t)(start + 1) : -1;
    if (!add_field(request, bytes + start)) return -1;
    start += field_length + 1;
  }
  return length >= REQUEST_MAX ? -1 : 0;
}
