/*
 * What libseccomp makes of rules, as runc asks for it: the oracle of the tests of the compiler. Reads filters from stdin
 * and writes each as a line of hexadecimal digits, an array of struct sock_filter. All numbers are hexadecimal.
 *
 *   filter ACTION                                what a call gets that no rule is about: an SCMP_ACT_*
 *   arch TOKEN                                   an SCMP_ARCH_* besides the machine's own
 *   rule NAME ACTION [ARGUMENT OPERATOR A B]...  an enum scmp_compare and its operands
 *   end
 */
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARGUMENTS = 6 };

static uint64_t next_number(void) {
  const char *word = strtok(NULL, " \n");
  return word ? strtoull(word, NULL, 16) : UINT64_MAX;
}

/* A name that is no call's is passed over. */
static bool add_rule(scmp_filter_ctx context) {
  struct scmp_arg_cmp conditions[ARGUMENTS];
  unsigned int count = 0;
  const char *name = strtok(NULL, " \n");
  int call = name ? seccomp_syscall_resolve_name(name) : __NR_SCMP_ERROR;
  uint32_t action = (uint32_t)next_number();
  for (uint64_t argument = next_number(); argument != UINT64_MAX && count < ARGUMENTS; argument = next_number()) {
    enum scmp_compare operator= (enum scmp_compare)next_number();
    uint64_t first = next_number();
    conditions[count++] = SCMP_CMP64((unsigned int)argument, operator, first, next_number());
  }
  return call == __NR_SCMP_ERROR || seccomp_rule_add_array(context, action, call, count, conditions) == 0;
}

static bool print_filter(scmp_filter_ctx context) {
  static unsigned char program[1 << 20];
  int fd = memfd_create("filter", MFD_CLOEXEC);
  bool made = fd >= 0 && seccomp_export_bpf(context, fd) == 0;
  ssize_t size = made ? pread(fd, program, sizeof program, 0) : -1;
  if (fd >= 0) close(fd);
  for (ssize_t i = 0; i < size; i++)
    printf("%02x", program[i]);
  putchar('\n');
  return size > 0;
}

int main(void) {
  char line[4096];
  scmp_filter_ctx context = NULL;
  while (fgets(line, sizeof line, stdin)) {
    bool done = false;
    const char *verb = strtok(line, " \n");
    if (!verb) continue;
    if (strcmp(verb, "filter") == 0) done = (context = seccomp_init((uint32_t)next_number())) != NULL;
    if (strcmp(verb, "arch") == 0) done = seccomp_arch_add(context, (uint32_t)next_number()) == 0;
    if (strcmp(verb, "rule") == 0) done = add_rule(context);
    if (strcmp(verb, "end") == 0) {
      done = print_filter(context);
      seccomp_release(context);
    }
    if (!done) return fprintf(stderr, "failed: %s\n", verb), 1;
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
