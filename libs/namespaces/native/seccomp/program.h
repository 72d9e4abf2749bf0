/* An assembler for classic BPF. */
#ifndef BERTH_SECCOMP_PROGRAM_H
#define BERTH_SECCOMP_PROGRAM_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A classic BPF program, built from its last instruction to its first: a jump of classic BPF leads forward only, so
 * whatever it leads to exists already. A label counts from the end of the program and stays true while instructions are
 * put in front.
 */

enum { PROGRAM_SIZE = BPF_MAXINSNS };

typedef size_t label;

struct program {
  size_t size;
  bool overflow; /* sticky: checked once, at the end */
  struct sock_filter reversed[PROGRAM_SIZE];
};

/* Each puts one or more instructions in front and returns the label of the first. Falls through to the label made
 * before it. */
label program_statement(struct program *program, uint16_t code, uint32_t k);
label program_jump(struct program *program, uint16_t code, uint32_t k, label when_true, label when_false);
label program_goto(struct program *program, label target);

/* A `ret value` that a conditional jump put in front next can reach: an existing one when near enough. */
label program_return(struct program *program, uint32_t value);

/* The label of the instruction last put in front. */
label program_here(const struct program *program);

/* Copies the program in the order of execution. Returns its length, 0 when it grew too long. */
size_t program_finish(const struct program *program, struct sock_filter instructions[static PROGRAM_SIZE]);

#endif
