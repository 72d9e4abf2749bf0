#include "memory.h"
#include "source.h"

#include <stdlib.h>

/* For ZSTD_createDCtx_advanced. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

/* Memory of that size is needed for a frame's window. The encoders of the tools that make images have at most 32 MiB. */
#define WINDOW_LOG_MAX 25
/* What the buffers of a window of 8 MiB have, which most of those encoders write, and every decoder should take (RFC 8878, 3.1.1.1.2). */
#define SMALL_BUFFERS (9UL * 1024 * 1024)

/* The buffers of a frame are one piece. */
static void *allocate(void *argument, size_t size) {
  struct source *source = argument;

  return size > SMALL_BUFFERS && memory_have_more(&source->error) < 0 ? NULL : malloc(size);
}

static void release(void *argument, void *address) {
  (void)argument;
  free(address);
}

static int fail_zstd(struct source *source, size_t result) {
  if (source->error.kind != 0) return -1;
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
    return fail(&source->error, FAILURE_LIMIT, "inflate", "out of memory");
  if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
    return fail(&source->error, FAILURE_LIMIT, "inflate", "the zstd data needs a window of more than %u MiB",
                1U << (WINDOW_LOG_MAX - 20));
  return fail(&source->error, FAILURE_INVALID, "inflate", "the zstd data is corrupt: %s", ZSTD_getErrorName(result));
}

/* Decodes what is in the input. `hint` is 0 when a frame has just ended. */
static int decode_input(struct source *source, ZSTD_DCtx *context, size_t *hint) {
  ZSTD_inBuffer in = {.src = source->input, .size = source->input_length, .pos = 0};
  ZSTD_outBuffer out = {0};

  while (in.pos < in.size || out.pos == out.size) {
    size_t size = 0;

    out.dst = source_room(source, &size);
    if (!out.dst) return -1;
    out.size = size;
    out.pos = 0;
    *hint = ZSTD_decompressStream(context, &out, &in);
    source_produced(source, out.pos);
    if (ZSTD_isError(*hint)) return fail_zstd(source, *hint);
    if (*hint == 0 && in.pos == in.size) break;
  }
  return 0;
}

static int decode_all(struct source *source, ZSTD_DCtx *context) {
  size_t hint = 1;
  int more = 1;

  while (more > 0) {
    if (decode_input(source, context, &hint) < 0) return -1;
    more = source_read(source);
  }
  if (more == 0 && hint != 0) return fail(&source->error, FAILURE_INVALID, "inflate", "the zstd data is truncated");
  return more;
}

int decode_zstd(struct source *source) {
  const ZSTD_customMem memory = {.customAlloc = allocate, .customFree = release, .opaque = source};
  ZSTD_DCtx *context = ZSTD_createDCtx_advanced(memory);
  int result;

  if (!context) return fail(&source->error, FAILURE_LIMIT, "inflate", "out of memory");
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
  result = decode_all(source, context);
  ZSTD_freeDCtx(context);
  return result;
}
