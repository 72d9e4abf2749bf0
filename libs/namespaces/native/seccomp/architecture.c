#include "architecture.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct architecture architectures[] = {
    {"x86_64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64}, {"x86", AUDIT_ARCH_I386, SCMP_ARCH_X86},
    {"x32", ARCHITECTURE_X32, SCMP_ARCH_X32},        {"aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64},
    {"arm", AUDIT_ARCH_ARM, SCMP_ARCH_ARM},
};

enum { ARCHITECTURES = sizeof(architectures) / sizeof(architectures[0]) };

/* Calls that libseccomp 2.5.4 does not know. From 424 on a call has the same number on every architecture. */
static const struct {
  uint32_t number;
  const char *name;
} recent_calls[] = {
    {457, "statmount"}, {458, "listmount"},  {459, "lsm_get_self_attr"}, {460, "lsm_set_self_attr"}, {461, "lsm_list_modules"},
    {462, "mseal"},     {463, "setxattrat"}, {464, "getxattrat"},        {465, "listxattrat"},       {466, "removexattrat"},
};

enum { RECENT_CALLS = sizeof(recent_calls) / sizeof(recent_calls[0]), URETPROBE = 335 };

const struct architecture *architecture_by_name(const char *name, size_t size) {
  for (size_t i = 0; i < ARCHITECTURES; i++)
    if (strlen(architectures[i].name) == size && memcmp(architectures[i].name, name, size) == 0) return &architectures[i];
  return NULL;
}

const struct architecture *architecture_by_audit(uint32_t audit) {
  for (size_t i = 0; i < ARCHITECTURES; i++)
    if (architectures[i].audit == audit) return &architectures[i];
  return NULL;
}

uint32_t architecture_call_number(uint32_t index) {
  return index < CALLS ? index : ARM_PRIVATE + index - CALLS;
}

static const char *recent_call_name(const struct architecture *architecture, uint32_t number) {
  if (architecture->audit == AUDIT_ARCH_X86_64 && number == URETPROBE) return "uretprobe";
  for (size_t i = 0; i < RECENT_CALLS; i++)
    if (recent_calls[i].number == number) return recent_calls[i].name;
  return NULL;
}

const char *architecture_call_name(const struct architecture *architecture, uint32_t number, char buffer[static 40]) {
  const char *recent = recent_call_name(architecture, number);
  if (recent) return strcpy(buffer, recent);
  int call = (int)(architecture->audit == ARCHITECTURE_X32 ? number | X32_BIT : number);
  char *name = seccomp_syscall_resolve_num_arch(architecture->seccomp_token, call);
  bool fits = name && strlen(name) < 40;
  if (fits) strcpy(buffer, name);
  free(name);
  return fits ? buffer : NULL;
}
