#include "memory.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define PAGE_SIZE 4096UL
#define STACK_PAGES 10

/* Advises on every segment of the program that is never written to. Kernels that do not know the advice (before 5.14)
 * ignore it. */
static int advise_readonly(struct dl_phdr_info *info, size_t size, void *advice) {
  (void)size;
  for (size_t i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
    uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(PAGE_SIZE - 1);
    uintptr_t end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    (void)madvise((void *)start, end - start, *(const int *)advice);
  }
  return 0;
}

static void advise(int advice) { (void)dl_iterate_phdr(advise_readonly, &advice); }

void memory_map_program(void) { advise(MADV_POPULATE_READ); }

void memory_trim(void) { advise(MADV_DONTNEED); }

__attribute__((noinline)) void memory_own_pages(void) {
  volatile char stack[STACK_PAGES * PAGE_SIZE];
  for (size_t i = 0; i < sizeof stack; i += PAGE_SIZE) stack[i] = 0;
}
