/* The architectures whose calls a filter may see, and the names of their system calls. */
#ifndef BERTH_SECCOMP_ARCHITECTURE_H
#define BERTH_SECCOMP_ARCHITECTURE_H

#include <stddef.h>
#include <stdint.h>

/* x32 has no AUDIT_ARCH of its own: its calls come as AUDIT_ARCH_X86_64 with bit 30 of the number set. */
#define X32_BIT 0x40000000U
#define ARCHITECTURE_X32 0x7fffff32U

struct architecture {
  const char *name;
  uint32_t audit;         /* AUDIT_ARCH_*, or ARCHITECTURE_X32 */
  uint32_t seccomp_token; /* SCMP_ARCH_* */
};

/* NULL when there is none of that name. */
const struct architecture *architecture_by_name(const char *name, size_t size);
const struct architecture *architecture_by_audit(uint32_t audit);

/* No architecture here numbers its calls higher than CALLS, but for arm's private ones. */
enum {
  CALLS = 1024,
  ARM_PRIVATE = 0x0f0000, /* __ARM_NR_BASE */
  ARM_PRIVATE_CALLS = 16,
  ARCHITECTURE_CALLS = CALLS + ARM_PRIVATE_CALLS,
};

/* The number that a call of some architecture can have, for each index below ARCHITECTURE_CALLS. */
uint32_t architecture_call_number(uint32_t index);

/*
 * The name of system call `number` of an architecture, NULL when there is none. The name lies in `buffer`.
 * Numbers of x32 are without X32_BIT.
 */
const char *architecture_call_name(const struct architecture *architecture, uint32_t number, char buffer[static 40]);

#endif
