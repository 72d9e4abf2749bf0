#include "device_program.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "bpf.h"
#include "cleanup.h"

/* Four for each rule, and then some. */
enum { INSTRUCTIONS_MAX = 4 * DEVICE_RULES_MAX + 64 };

/* What a rule allows, with -1 for any number, and 0 for any type. */
struct rule {
  int32_t type;
  int32_t major;
  int32_t minor;
  int32_t access;
};

enum { ANY = -1, MAKE = BPF_DEVCG_ACC_MKNOD, USE = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE };

static const struct rule DEFAULT_RULES[] = {
    {0, ANY, ANY, MAKE}, /* a node of any device may be made: the right to open it is another */
    {BPF_DEVCG_DEV_CHAR, 1, 3, USE},     /* null */
    {BPF_DEVCG_DEV_CHAR, 1, 5, USE},     /* zero */
    {BPF_DEVCG_DEV_CHAR, 1, 7, USE},     /* full */
    {BPF_DEVCG_DEV_CHAR, 1, 8, USE},     /* random */
    {BPF_DEVCG_DEV_CHAR, 1, 9, USE},     /* urandom */
    {BPF_DEVCG_DEV_CHAR, 5, 0, USE},     /* tty */
    {BPF_DEVCG_DEV_CHAR, 5, 1, USE},     /* console */
    {BPF_DEVCG_DEV_CHAR, 5, 2, USE},     /* ptmx */
    {BPF_DEVCG_DEV_CHAR, 136, ANY, USE}, /* pts */
};

static void emit_load(struct bpf_code *code, uint8_t destination, size_t offset) {
  bpf_emit(code, BPF_LDX | BPF_MEM | BPF_W, destination, BPF_REG_1, (int16_t)offset, 0);
}

static void emit_return(struct bpf_code *code, int32_t value) {
  bpf_emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
  bpf_emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Skips `count` instructions unless the register holds `value`. */
static void emit_skip_unless(struct bpf_code *code, uint8_t reg, int32_t value, int16_t count) {
  bpf_emit(code, BPF_JMP | BPF_JNE | BPF_K, reg, 0, count, value);
}

/* Takes what the rule allows off the wanted access when the device is the rule's. */
static void emit_rule(struct bpf_code *code, const struct rule *rule) {
  int16_t rest = (int16_t)((rule->type != 0) + (rule->major != ANY) + (rule->minor != ANY));
  if (rule->type != 0) emit_skip_unless(code, BPF_REG_2, rule->type, rest--);
  if (rule->major != ANY) emit_skip_unless(code, BPF_REG_4, rule->major, rest--);
  if (rule->minor != ANY) emit_skip_unless(code, BPF_REG_5, rule->minor, rest--);
  bpf_emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ~rule->access);
}

static struct rule from_plan(const device_rule *rule) {
  return (struct rule){
      .type = rule->type == 0 ? 0 : rule->type == S_IFCHR ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
      .major = rule->major,
      .minor = rule->minor,
      .access = (int32_t)rule->access,
  };
}

/* Register 2 holds the kind of device, 3 the access that is not allowed yet, 4 the major and 5 the minor number. */
static void generate(struct bpf_code *code, device_rule *const *rules, size_t count) {
  emit_load(code, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
  emit_load(code, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
  emit_load(code, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
  bpf_emit(code, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
  bpf_emit(code, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
  bpf_emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
  for (size_t i = 0; i < sizeof DEFAULT_RULES / sizeof DEFAULT_RULES[0]; i++) emit_rule(code, &DEFAULT_RULES[i]);
  for (size_t i = 0; i < count; i++) {
    const struct rule rule = from_plan(rules[i]);
    emit_rule(code, &rule);
  }
  bpf_emit(code, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_3, 0, 2, 0);
  emit_return(code, 0);
  emit_return(code, 1);
}

int device_program_attach(int cgroup_dirfd, device_rule *const *rules, size_t count, struct failure *failure) {
  static const struct bpf_program PROGRAM = {"device", "berth_devices", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE};
  uint64_t instructions[INSTRUCTIONS_MAX];
  struct bpf_code code = {.instructions = instructions};
  generate(&code, rules, count);
  cleanup_close int program = bpf_load(&PROGRAM, &code, failure);
  return program < 0 ? -1 : bpf_attach(cgroup_dirfd, &PROGRAM, program, failure);
}
