#include "program.h"

/* How far the 8-bit offset of a conditional jump reaches, less what program_jump itself may put between. */
enum { REACH = 255 - 4 };

static label put(struct program *program, struct sock_filter instruction) {
  if (program->size == PROGRAM_SIZE) {
    program->overflow = true;
    return program->size;
  }
  program->reversed[program->size++] = instruction;
  return program->size;
}

label program_here(const struct program *program) {
  return program->size;
}

label program_statement(struct program *program, uint16_t code, uint32_t k) {
  return put(program, (struct sock_filter){code, 0, 0, k});
}

label program_goto(struct program *program, label target) {
  if (target == program->size) return target;
  return put(program, (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, (uint32_t)(program->size - target)});
}

static label near(struct program *program, label target) {
  return program->size - target > REACH ? program_goto(program, target) : target;
}

label program_jump(struct program *program, uint16_t code, uint32_t k, label when_true, label when_false) {
  label near_true = near(program, when_true);
  label near_false = near(program, when_false);
  return put(program, (struct sock_filter){(uint16_t)(BPF_JMP | code), (uint8_t)(program->size - near_true),
                                           (uint8_t)(program->size - near_false), k});
}

label program_return(struct program *program, uint32_t value) {
  for (size_t i = program->size; i > 0 && program->size - i < REACH; i--) {
    const struct sock_filter *instruction = &program->reversed[i - 1];
    if (instruction->code == (BPF_RET | BPF_K) && instruction->k == value) return i;
  }
  return program_statement(program, BPF_RET | BPF_K, value);
}

size_t program_finish(const struct program *program, struct sock_filter instructions[static PROGRAM_SIZE]) {
  if (program->overflow) return 0;
  for (size_t i = 0; i < program->size; i++)
    instructions[i] = program->reversed[program->size - 1 - i];
  return program->size;
}
