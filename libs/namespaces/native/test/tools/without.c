/*
 * without WHAT... -- COMMAND [ARGUMENT...]
 *
 * Runs a command as if on a kernel that lacks some system calls. WHAT is the name of a call, or linux-5.15, which stands
 * for everything that came after that version: newer calls, and the newer flags of old ones that berth-ns uses.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSTRUCTIONS_MAX 256
#define LAST_CALL_OF_5_15 448 /* process_mrelease; from 424 on all architectures count alike */
#define MFD_EXEC_FLAG 0x10    /* Linux 6.3 */

struct program {
  unsigned short size;
  struct sock_filter at[INSTRUCTIONS_MAX];
};

static void add(struct program *program, struct sock_filter instruction) {
  if (program->size < INSTRUCTIONS_MAX) program->at[program->size++] = instruction;
}

static void load(struct program *program, size_t offset) {
  add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void fail_with(struct program *program, uint32_t error) {
  add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
}

static void without_call(struct program *program, int number) {
  add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1));
  fail_with(program, ENOSYS);
}

/* EINVAL for a call whose argument has a bit set, as from a kernel that does not know the flag. */
static void without_flag(struct program *program, int number, unsigned argument, uint32_t bit) {
  add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4));
  load(program, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
  add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 0, 1));
  fail_with(program, EINVAL);
  load(program, offsetof(struct seccomp_data, nr));
}

static int without(struct program *program, const char *what) {
  if (strcmp(what, "linux-5.15") == 0) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_CALL_OF_5_15, 0, 1));
    fail_with(program, ENOSYS);
    without_flag(program, SYS_memfd_create, 1, MFD_EXEC_FLAG);
    return 0;
  }
  int number = seccomp_syscall_resolve_name(what);
  if (number < 0) return -1;
  without_call(program, number);
  return 0;
}

int main(int count, char **arguments) {
  struct program program = {0};
  int at = 1;
  load(&program, offsetof(struct seccomp_data, nr));
  for (; at < count && strcmp(arguments[at], "--") != 0; at++) {
    if (without(&program, arguments[at]) == 0) continue;
    (void)fprintf(stderr, "without: there is no system call %s\n", arguments[at]);
    return 2;
  }
  add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  if (at + 1 >= count || program.size == INSTRUCTIONS_MAX) {
    (void)fputs("usage: without WHAT... -- COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  const struct sock_fprog filter = {.len = program.size, .filter = program.at};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) return perror("seccomp"), 2;
  (void)execv(arguments[at + 1], arguments + at + 1);
  return perror(arguments[at + 1]), 2;
}
