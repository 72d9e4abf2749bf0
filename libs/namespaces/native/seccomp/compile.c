#include "compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the offsets of an argument's halves are those of little endian");

enum {
  X32_OWN = 512, /* where x32's own entries begin in the table that it shares with x86_64 */
  VERDICT_RULES = 16,
  RANGES = ARCHITECTURE_CALLS + 4,
};

/* What happens to a call: the rules with conditions in order, then `action`. */
struct verdict {
  size_t rule_count;
  const struct rule *rules[VERDICT_RULES];
  uint32_t action;
};

/* The calls from `first` up to the next range. `block` is where the conditions of its verdict stand in the program. */
struct range {
  uint32_t first;
  struct verdict verdict;
  label block;
};

struct ranges {
  size_t count;
  struct range at[RANGES];
};

/* True when a rule names the call. */
static bool judge(const struct profile *profile, const char *call, struct verdict *verdict) {
  bool named = false;
  *verdict = (struct verdict){.action = profile->default_action};
  for (size_t i = 0; i < profile->rule_count; i++) {
    const struct rule *rule = &profile->rules[i];
    if (strcmp(rule->name, call) != 0) continue;
    named = true;
    if (rule->condition_count == 0) {
      verdict->action = rule->action;
      return true;
    }
    if (verdict->rule_count == VERDICT_RULES) abort();
    verdict->rules[verdict->rule_count++] = rule;
  }
  return named;
}

static bool same_verdict(const struct verdict *a, const struct verdict *b) {
  return a->action == b->action && a->rule_count == b->rule_count &&
         memcmp(a->rules, b->rules, a->rule_count * sizeof(a->rules[0])) == 0;
}

static void add_range(struct ranges *ranges, uint32_t first, const struct verdict *verdict) {
  if (ranges->count > 0 && same_verdict(&ranges->at[ranges->count - 1].verdict, verdict)) return;
  ranges->at[ranges->count++] = (struct range){first, *verdict, 0};
}

/*
 * Adds the calls `first` to `end - 1`. What lies above the highest that a rule names gets the action for unknown calls,
 * as runc does it (libcontainer/seccomp/patchbpf): a program built later than the profile must see ENOSYS to take its
 * fallback.
 */
static void add_calls(struct ranges *ranges, const struct profile *profile, const struct architecture *architecture,
                      uint32_t first, uint32_t end) {
  struct verdict verdicts[CALLS];
  char name[PROFILE_NAME_SIZE];
  uint32_t named_end = first;
  for (uint32_t number = first; number < end; number++) {
    struct verdict *verdict = &verdicts[number - first];
    const char *call = architecture_call_name(architecture, number, name);
    *verdict = (struct verdict){.action = profile->default_action};
    if (call && judge(profile, call, verdict)) named_end = number + 1;
  }
  for (uint32_t number = first; number < named_end; number++)
    add_range(ranges, number, &verdicts[number - first]);
  add_range(ranges, named_end, &(struct verdict){.action = profile->unknown_action});
}

static void add_architecture(struct ranges *ranges, const struct profile *profile, const struct architecture *architecture) {
  ranges->count = 0;
  switch (architecture->audit) {
    case AUDIT_ARCH_X86_64:
      add_calls(ranges, profile, architecture, 0, X32_OWN);
      add_calls(ranges, profile, architecture_by_audit(ARCHITECTURE_X32), X32_OWN, CALLS);
      break;
    case AUDIT_ARCH_ARM:
      add_calls(ranges, profile, architecture, 0, CALLS);
      add_calls(ranges, profile, architecture, ARM_PRIVATE, ARM_PRIVATE + ARM_PRIVATE_CALLS);
      break;
    default:
      add_calls(ranges, profile, architecture, 0, CALLS);
  }
}

/* One half of an argument: `load; and; jeq`. Nothing is put in front when the mask hides the half. */
static label emit_half(struct program *program, uint32_t offset, uint32_t mask, uint32_t value, label when_equal,
                       label when_not) {
  if (mask == 0) return program_goto(program, when_equal);
  program_jump(program, BPF_JEQ | BPF_K, value, when_equal, when_not);
  if (mask != UINT32_MAX) program_statement(program, BPF_ALU | BPF_AND | BPF_K, mask);
  return program_statement(program, BPF_LD | BPF_W | BPF_ABS, offset);
}

static label emit_condition(struct program *program, const struct condition *condition, label when_true, label when_false) {
  uint32_t low = (uint32_t)offsetof(struct seccomp_data, args) + condition->argument * 8;
  label when_equal = condition->equal ? when_true : when_false;
  label when_not = condition->equal ? when_false : when_true;
  label rest = emit_half(program, low, (uint32_t)condition->mask, (uint32_t)condition->value, when_equal, when_not);
  return emit_half(program, low + 4, (uint32_t)(condition->mask >> 32), (uint32_t)(condition->value >> 32), rest, when_not);
}

static label emit_rule(struct program *program, const struct rule *rule, label otherwise) {
  label target = program_return(program, rule->action);
  for (size_t i = rule->condition_count; i > 0; i--)
    target = emit_condition(program, &rule->conditions[i - 1], target, otherwise);
  return target;
}

static label emit_conditions(struct program *program, const struct verdict *verdict) {
  label target = program_return(program, verdict->action);
  for (size_t i = verdict->rule_count; i > 0; i--)
    target = emit_rule(program, verdict->rules[i - 1], target);
  return target;
}

static label emit_verdict(struct program *program, const struct range *range) {
  return range->verdict.rule_count > 0 ? range->block : program_return(program, range->verdict.action);
}

/* A binary tree over the ranges [low, high]: the kernel walks it once for each call number when the filter is loaded.
 */
static label emit_tree(struct program *program, const struct ranges *ranges, size_t low, size_t high) {
  const struct range *at = ranges->at;
  if (low == high) return emit_verdict(program, &at[low]);
  if (high - low == 2 && at[high].first - at[low + 1].first == 1 && same_verdict(&at[low].verdict, &at[high].verdict)) {
    label single = emit_verdict(program, &at[low + 1]);
    label around = emit_verdict(program, &at[low]);
    return program_jump(program, BPF_JEQ | BPF_K, at[low + 1].first, single, around);
  }
  size_t middle = low + (high - low + 1) / 2;
  label above = emit_tree(program, ranges, middle, high);
  label below = emit_tree(program, ranges, low, middle - 1);
  return program_jump(program, BPF_JGE | BPF_K, at[middle].first, above, below);
}

static label emit_architecture(struct program *program, const struct profile *profile, const struct architecture *architecture) {
  static struct ranges ranges;
  add_architecture(&ranges, profile, architecture);
  for (size_t i = ranges.count; i > 0; i--) {
    struct range *range = &ranges.at[i - 1];
    if (range->verdict.rule_count > 0) range->block = emit_conditions(program, &range->verdict);
  }
  label tree = emit_tree(program, &ranges, 0, ranges.count - 1);
  if (architecture->audit == AUDIT_ARCH_X86_64) {
    /* x32: the same numbers under a bit. Those that it has not are not in the kernel's table either. */
    program_goto(program, tree);
    label strip = program_statement(program, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT);
    tree = program_jump(program, BPF_JGE | BPF_K, X32_BIT, strip, tree);
  }
  program_goto(program, tree);
  return program_statement(program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
}

size_t compile(const struct profile *profile, const struct architecture *native,
               struct sock_filter instructions[static PROGRAM_SIZE]) {
  static struct program program;
  program.size = 0;
  program.overflow = false;
  uint32_t sibling = native->audit == AUDIT_ARCH_X86_64 ? AUDIT_ARCH_I386 : AUDIT_ARCH_ARM;
  label stranger = program_return(&program, SECCOMP_RET_KILL_PROCESS);
  label older = emit_architecture(&program, profile, architecture_by_audit(sibling));
  label newer = emit_architecture(&program, profile, native);
  label choice = program_jump(&program, BPF_JEQ | BPF_K, sibling, older, stranger);
  program_jump(&program, BPF_JEQ | BPF_K, native->audit, newer, choice);
  program_statement(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  return program_finish(&program, instructions);
}

static bool call_exists(const struct architecture *architecture, const char *call) {
  char name[PROFILE_NAME_SIZE];
  for (uint32_t index = 0; index < ARCHITECTURE_CALLS; index++) {
    const char *found = architecture_call_name(architecture, architecture_call_number(index), name);
    if (found && strcmp(found, call) == 0) return true;
  }
  return false;
}

const struct rule *compile_find_unknown(const struct profile *profile) {
  static const uint32_t audits[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM};
  for (size_t i = 0; i < profile->rule_count; i++) {
    bool exists = false;
    for (size_t j = 0; j < sizeof(audits) / sizeof(audits[0]) && !exists; j++)
      exists = call_exists(architecture_by_audit(audits[j]), profile->rules[i].name);
    if (!exists) return &profile->rules[i];
  }
  return NULL;
}
