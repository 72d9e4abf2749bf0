/* `compress`: an archive as a gzip file. */
#include "commands.h"

#include "cleanup.h"
#include "encode_gzip.h"
#include "options.h"
#include "report.h"
#include "sandbox.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>

static int copy_compressed(int input, struct gzip_encoder *encoder, struct layer_error *error) {
  static unsigned char buffer[256 * 1024];

  for (;;) {
    ssize_t length = read(input, buffer, sizeof(buffer));

    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail_errno(error, "read", "cannot read the archive");
    if (length == 0) return gzip_encode_end(encoder, error);
    if (gzip_encode(encoder, buffer, (size_t)length, error) < 0) return -1;
  }
}

static int compress_archive(const struct options *options, struct layer_error *error) {
  static struct gzip_encoder encoder;
  cleanup_close int input = -1;
  cleanup_close int output = -1;

  if (!options->layer) return fail(error, FAILURE_USAGE, "options", "--layer is needed");
  input = open(options->layer, O_RDONLY | O_CLOEXEC);
  if (input < 0) return fail_errno(error, "open", "cannot open \"%.200s\"", options->layer);
  output = stream_open(options, error);
  if (output < 0 || sandbox_filter(error) < 0) return -1;
  gzip_encoder_init(&encoder, output);
  return copy_compressed(input, &encoder, error);
}

int compress_command(int count, char **arguments) {
  struct options options;
  struct layer_error error = {0};

  if (options_parse(count, arguments, &options, &error) == 0 && compress_archive(&options, &error) == 0) {
    report_done();
    return 0;
  }
  report_error(&error);
  return (int)error.kind;
}
