/* Reads bytes as a /proc/<pid>/stat. */
#include "../src/record.c"

#include "../src/failure.c"
#include "../src/io.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[1024];
  if (size >= sizeof text) return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  (void)parse_stat_field(text, STAT_START_TICKS);
  return 0;
}
