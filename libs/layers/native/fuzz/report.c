/* Whatever the text is, a quoted one is printable ASCII, ends with a quote that is not escaped, and fits. */
#include "../src/report.c"

#include <stdlib.h>

const char *failure_reason(enum failure kind) {
  (void)kind;
  return "";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[256] = {0};
  char quoted[128];
  size_t room = size > 0 ? 3 + data[0] % (sizeof(quoted) - 3) : sizeof(quoted);
  size_t used;

  memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
  used = json_quote(text, quoted, room);
  if (used < 2 || used >= room || strlen(quoted) != used || quoted[0] != '"' || quoted[used - 1] != '"') abort();
  for (size_t i = 1; i < used - 1; i++) {
    if (quoted[i] < 0x20 || quoted[i] > 0x7e || quoted[i] == '"') abort();
    if (quoted[i] == '\\' && ++i >= used - 1) abort();
  }
  return 0;
}
