#include "device_program.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

/* Four for each rule, and then some. */
enum { PROGRAMS = 64, INSTRUCTIONS_MAX = 4 * DEVICE_RULES_MAX + 64 };

static const char NAME[BPF_OBJ_NAME_LEN] = "berth_devices";

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

struct code {
  uint32_t count;
  uint64_t instructions[INSTRUCTIONS_MAX];
};

/* As struct bpf_insn lies in memory: its bit fields cannot be filled without a warning about lost bits. */
_Static_assert(sizeof(struct bpf_insn) == sizeof(uint64_t) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "an instruction is eight bytes, least significant first");

static void emit(struct code *code, uint8_t operation, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate) {
  code->instructions[code->count++] = operation | (uint64_t)destination << 8 | (uint64_t)source << 12 |
                                      (uint64_t)(uint16_t)offset << 16 | (uint64_t)(uint32_t)immediate << 32;
}

static void emit_load(struct code *code, uint8_t destination, size_t offset) {
  emit(code, BPF_LDX | BPF_MEM | BPF_W, destination, BPF_REG_1, (int16_t)offset, 0);
}

static void emit_return(struct code *code, int32_t value) {
  emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
  emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Skips `count` instructions unless the register holds `value`. */
static void emit_skip_unless(struct code *code, uint8_t reg, int32_t value, int16_t count) {
  emit(code, BPF_JMP | BPF_JNE | BPF_K, reg, 0, count, value);
}

/* Takes what the rule allows off the wanted access when the device is the rule's. */
static void emit_rule(struct code *code, const struct rule *rule) {
  int16_t rest = (int16_t)((rule->type != 0) + (rule->major != ANY) + (rule->minor != ANY));
  if (rule->type != 0) emit_skip_unless(code, BPF_REG_2, rule->type, rest--);
  if (rule->major != ANY) emit_skip_unless(code, BPF_REG_4, rule->major, rest--);
  if (rule->minor != ANY) emit_skip_unless(code, BPF_REG_5, rule->minor, rest--);
  emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, ~rule->access);
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
static void generate(struct code *code, device_rule *const *rules, size_t count) {
  emit_load(code, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
  emit_load(code, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
  emit_load(code, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
  emit(code, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
  emit(code, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
  emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
  for (size_t i = 0; i < sizeof DEFAULT_RULES / sizeof DEFAULT_RULES[0]; i++) emit_rule(code, &DEFAULT_RULES[i]);
  for (size_t i = 0; i < count; i++) {
    const struct rule rule = from_plan(rules[i]);
    emit_rule(code, &rule);
  }
  emit(code, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_3, 0, 2, 0);
  emit_return(code, 0);
  emit_return(code, 1);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static uint64_t address_of(const void *pointer) {
  return (uint64_t)(uintptr_t)pointer;
}

static int load(device_rule *const *rules, size_t count, struct failure *failure) {
  static const char license[] = "Apache-2.0";
  struct code code = {0};
  union bpf_attr attributes = {0};
  generate(&code, rules, count);
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address_of(code.instructions);
  attributes.insn_cnt = code.count;
  attributes.license = address_of(license);
  memcpy(attributes.prog_name, NAME, sizeof NAME);
  int fd = bpf(BPF_PROG_LOAD, &attributes);
  return fd < 0 ? fail(failure, "device", errno, "load the device program") : fd;
}

static int read_info(int program, struct bpf_prog_info *info, struct failure *failure) {
  union bpf_attr attributes = {0};
  memset(info, 0, sizeof *info);
  attributes.info.bpf_fd = (uint32_t)program;
  attributes.info.info_len = sizeof *info;
  attributes.info.info = address_of(info);
  return bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes) < 0 ? fail(failure, "device", errno, "ask for a program's name") : 0;
}

/* What is attached already: the program itself, or one of ours that is older (an fd, else -1). */
struct attached {
  bool same;
  int older;
};

static int examine(uint32_t id, const struct bpf_prog_info *wanted, struct attached *attached, struct failure *failure) {
  struct bpf_prog_info info;
  union bpf_attr attributes = {0};
  attributes.prog_id = id;
  cleanup_close int fd = bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
  if (fd < 0) return errno == ENOENT ? 0 : fail(failure, "device", errno, "open an attached program");
  if (read_info(fd, &info, failure) < 0) return -1;
  if (memcmp(info.name, NAME, sizeof NAME) != 0) return 0;
  if (memcmp(info.tag, wanted->tag, sizeof info.tag) == 0) {
    attached->same = true;
  } else if (attached->older < 0) {
    attached->older = take_fd(&fd);
  }
  return 0;
}

static int find_attached(int cgroup, const struct bpf_prog_info *wanted, struct attached *attached, struct failure *failure) {
  uint32_t ids[PROGRAMS];
  union bpf_attr attributes = {0};
  attributes.query.target_fd = (uint32_t)cgroup;
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = address_of(ids);
  attributes.query.prog_cnt = PROGRAMS;
  if (bpf(BPF_PROG_QUERY, &attributes) < 0) return fail(failure, "device", errno, "list the programs of the cgroup");
  for (uint32_t i = 0; i < attributes.query.prog_cnt && !attached->same; i++)
    if (examine(ids[i], wanted, attached, failure) < 0) return -1;
  return 0;
}

static int attach(int cgroup, int program, int older, struct failure *failure) {
  union bpf_attr attributes = {0};
  attributes.target_fd = (uint32_t)cgroup;
  attributes.attach_bpf_fd = (uint32_t)program;
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (older >= 0) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = (uint32_t)older;
  }
  return bpf(BPF_PROG_ATTACH, &attributes) < 0 ? fail(failure, "device", errno, "attach the device program") : 0;
}

int device_program_attach(int cgroup_dirfd, device_rule *const *rules, size_t count, struct failure *failure) {
  struct attached attached = {false, -1};
  struct bpf_prog_info wanted;
  cleanup_close int program = load(rules, count, failure);
  if (program < 0 || read_info(program, &wanted, failure) < 0) return -1;
  int found = find_attached(cgroup_dirfd, &wanted, &attached, failure);
  cleanup_close int older = attached.older;
  if (found < 0 || attached.same) return found;
  return attach(cgroup_dirfd, program, older, failure);
}
