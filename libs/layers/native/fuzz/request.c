/* Whatever the bytes are, a request lies within them and its strings end. */
#include "../src/request.c"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *bytes = malloc(size + 1);
  struct request request;
  ssize_t length;

  if (!bytes) return 0;
  memcpy(bytes, data, size);
  length = request_parse(bytes, size, &request);
  if (length > 0) {
    if ((size_t)length > size || !is_id(request.id) || request.count < 2) abort();
    for (int i = 1; i < request.count; i++) {
      if (request.arguments[i] < bytes || request.arguments[i] + strlen(request.arguments[i]) >= bytes + length) abort();
    }
    if (request.arguments[request.count]) abort();
  }
  free(bytes);
  return 0;
}
