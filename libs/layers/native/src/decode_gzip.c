#include "source.h"

#include <isa-l/igzip_lib.h>

/* Zeros after the last member are padding (of tapes, and of some tools); anything else must be another member. */
static void skip_padding(struct inflate_state *state) {
  while (state->avail_in > 0 && *state->next_in == 0) {
    state->next_in++;
    state->avail_in--;
  }
}

static int refill(struct source *source, struct inflate_state *state) {
  int more = source_read(source);

  state->next_in = source->input;
  state->avail_in = (uint32_t)source->input_length;
  return more;
}

static int inflate_step(struct source *source, struct inflate_state *state) {
  size_t size = 0;
  unsigned char *room = source_room(source, &size);
  int result;

  if (!room) return -1;
  state->next_out = room;
  state->avail_out = (uint32_t)size;
  result = isal_inflate(state);
  source_produced(source, size - state->avail_out);
  if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT)
    return fail(&source->error, FAILURE_INVALID, "inflate", "the gzip data is corrupt (igzip %d)", result);
  return 0;
}

/* Inflates what is in the input, up to the end of a member at most. */
static int inflate_input(struct source *source, struct inflate_state *state) {
  do {
    if (inflate_step(source, state) < 0) return -1;
  } while (state->block_state != ISAL_BLOCK_FINISH && (state->avail_in > 0 || state->avail_out == 0));
  return 0;
}

int decode_gzip(struct source *source) {
  struct inflate_state state;
  int more = 1;

  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  state.next_in = source->input;
  state.avail_in = (uint32_t)source->input_length;
  while (more > 0) {
    if (state.block_state == ISAL_BLOCK_FINISH) skip_padding(&state);
    if (state.avail_in > 0) {
      if (state.block_state == ISAL_BLOCK_FINISH) {
        isal_inflate_reset(&state);
        state.crc_flag = ISAL_GZIP;
      }
      if (inflate_input(source, &state) < 0) return -1;
    }
    if (state.avail_in == 0) more = refill(source, &state);
  }
  if (more == 0 && state.block_state != ISAL_BLOCK_FINISH)
    return fail(&source->error, FAILURE_INVALID, "inflate", "the gzip data is truncated");
  return more;
}
