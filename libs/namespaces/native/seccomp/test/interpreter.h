/* Runs a seccomp filter as the kernel does, for one call. */
#ifndef BERTH_TEST_INTERPRETER_H
#define BERTH_TEST_INTERPRETER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { NO_VERDICT = 1 };

static inline uint32_t interpret(const struct sock_filter *program, size_t size, const struct seccomp_data *data) {
  uint32_t a = 0;
  for (size_t pc = 0; pc < size; pc++) {
    const struct sock_filter *i = &program[pc];
    switch (i->code) {
      case BPF_LD | BPF_W | BPF_ABS:
        memcpy(&a, (const char *)data + i->k, sizeof a);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= i->k;
        break;
      case BPF_JMP | BPF_JA:
        pc += i->k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        pc += a == i->k ? i->jt : i->jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        pc += a >= i->k ? i->jt : i->jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        pc += a > i->k ? i->jt : i->jf;
        break;
      case BPF_RET | BPF_K:
        return i->k;
      default:
        return NO_VERDICT;
    }
  }
  return NO_VERDICT;
}

#endif
