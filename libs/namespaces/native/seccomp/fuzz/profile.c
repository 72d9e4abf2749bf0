/* The profile parser, fed with any bytes. */
#include "../profile.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct profile profile;
  struct profile_error error;
  (void)profile_parse((const char *)data, size, &profile, &error);
  return 0;
}
