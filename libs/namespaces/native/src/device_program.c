#include "device_program.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

enum { ANY = -1, INSTRUCTIONS = 64, PROGRAMS = 64 };

static const char NAME[BPF_OBJ_NAME_LEN] = "berth_devices";

/* Character devices that a container may make, read and write. */
static const struct {
  int32_t major;
  int32_t minor;
} allowed[] = {
    {1, 3},     /* null */
    {1, 5},     /* zero */
    {1, 7},     /* full */
    {1, 8},     /* random */
    {1, 9},     /* urandom */
    {5, 0},     /* tty */
    {5, 1},     /* console */
    {5, 2},     /* ptmx */
    {136, ANY}, /* pts */
};

struct code {
  uint32_t count;
  uint64_t instructions[INSTRUCTIONS];
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

static void emit_allow(struct code *code, int32_t major, int32_t minor) {
  if (minor == ANY) {
    emit_skip_unless(code, BPF_REG_4, major, 2);
  } else {
    emit_skip_unless(code, BPF_REG_4, major, 3);
    emit_skip_unless(code, BPF_REG_5, minor, 2);
  }
  emit_return(code, 1);
}

/* Register 2 holds the kind of device, 3 the access, 4 the major and 5 the minor number. */
static void generate(struct code *code) {
  emit_load(code, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
  emit_load(code, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
  emit_load(code, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
  emit(code, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
  emit(code, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
  emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
  /* A node of any device may be made: the right to open it is another. */
  emit_skip_unless(code, BPF_REG_3, BPF_DEVCG_ACC_MKNOD, 2);
  emit_return(code, 1);
  emit(code, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_2, 0, 2, BPF_DEVCG_DEV_CHAR);
  emit_return(code, 0);
  for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
    emit_allow(code, allowed[i].major, allowed[i].minor);
  emit_return(code, 0);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static uint64_t address_of(const void *pointer) {
  return (uint64_t)(uintptr_t)pointer;
}

static int load(struct failure *failure) {
  static const char license[] = "Apache-2.0";
  struct code code = {0};
  union bpf_attr attributes = {0};
  generate(&code);
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

int device_program_attach(int cgroup_dirfd, struct failure *failure) {
  struct attached attached = {false, -1};
  struct bpf_prog_info wanted;
  cleanup_close int program = load(failure);
  if (program < 0 || read_info(program, &wanted, failure) < 0) return -1;
  int found = find_attached(cgroup_dirfd, &wanted, &attached, failure);
  cleanup_close int older = attached.older;
  if (found < 0 || attached.same) return found;
  return attach(cgroup_dirfd, program, older, failure);
}
