/* BPF programs on control groups: written, loaded, attached. */
#ifndef BERTH_BPF_H
#define BERTH_BPF_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

/* Instructions that are being written, in room of the caller's for as many as it emits. */
struct bpf_code {
  uint32_t count;
  uint64_t *instructions;
};

void bpf_emit(struct bpf_code *code, uint8_t operation, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate);

/* A program, and what of a failure names its step. */
struct bpf_program {
  const char *step;
  const char *name; /* shorter than BPF_OBJ_NAME_LEN; tells it from those that others attach */
  enum bpf_prog_type type;
  enum bpf_attach_type attach_type;
};

/* bpf(2). Returns what it returns, with errno. */
int bpf_call(enum bpf_cmd command, union bpf_attr *attributes);

uint64_t bpf_address(const void *pointer);

/* Returns a descriptor, or -1 with the failure. */
int bpf_load(const struct bpf_program *program, const struct bpf_code *code, struct failure *failure);

/*
 * Attaches a loaded program to a cgroup2 directory, in place of one of that name. Programs that others attach there are left alone. Returns
 * 0, or -1 with the failure.
 */
int bpf_attach(int cgroup_dirfd, const struct bpf_program *program, int loaded, struct failure *failure);

/* The program of that name that is attached already. Returns a descriptor, -1 with errno ENOENT when there is none, -1 with another errno otherwise. */
int bpf_find_attached(int cgroup_dirfd, const struct bpf_program *program);

#endif
