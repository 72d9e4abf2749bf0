#include "keeper_filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The compiled profile, as part of the program: nothing is read when a container starts. */
__asm__(".section .rodata\n"
        ".balign 8\n"
        "keeper_filter_start:\n"
        ".incbin \"" BERTH_KEEPER_FILTER "\"\n"
        "keeper_filter_end:\n"
        ".previous\n");
extern const struct sock_filter keeper_filter_start[] __attribute__((visibility("hidden")));
extern const struct sock_filter keeper_filter_end[] __attribute__((visibility("hidden")));

int keeper_filter_load(void) {
  const struct sock_fprog program = {
      .len = (unsigned short)(keeper_filter_end - keeper_filter_start),
      .filter = (struct sock_filter *)(void *)keeper_filter_start, /* the kernel only reads it */
  };
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}
