#include "bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

enum { PROGRAMS = 64 }; /* that a cgroup can have of a kind (BPF_CGROUP_MAX_PROGS of the kernel) */

/* As struct bpf_insn lies in memory: its bit fields cannot be filled without a warning about lost bits. */
_Static_assert(sizeof(struct bpf_insn) == sizeof(uint64_t) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "an instruction is eight bytes, least significant first");

void bpf_emit(struct bpf_code *code, uint8_t operation, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate) {
  code->instructions[code->count++] = operation | (uint64_t)destination << 8 | (uint64_t)source << 12 |
                                      (uint64_t)(uint16_t)offset << 16 | (uint64_t)(uint32_t)immediate << 32;
}

int bpf_call(enum bpf_cmd command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

uint64_t bpf_address(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

int bpf_load(const struct bpf_program *program, const struct bpf_code *code, struct failure *failure) {
  static const char license[] = "Apache-2.0";
  union bpf_attr attributes = {0};
  attributes.prog_type = program->type;
  attributes.expected_attach_type = program->attach_type;
  attributes.insns = bpf_address(code->instructions);
  attributes.insn_cnt = code->count;
  attributes.license = bpf_address(license);
  memcpy(attributes.prog_name, program->name, strnlen(program->name, sizeof attributes.prog_name - 1));
  int fd = bpf_call(BPF_PROG_LOAD, &attributes);
  return fd < 0 ? fail(failure, program->step, errno, "load the program %s", program->name) : fd;
}

/* Returns 0, or -1 with errno. */
static int read_info(int program, struct bpf_prog_info *info) {
  union bpf_attr attributes = {0};
  memset(info, 0, sizeof *info);
  attributes.info.bpf_fd = (uint32_t)program;
  attributes.info.info_len = sizeof *info;
  attributes.info.info = bpf_address(info);
  return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

int bpf_find_attached(int cgroup_dirfd, const struct bpf_program *program) {
  uint32_t ids[PROGRAMS];
  struct bpf_prog_info info;
  union bpf_attr query = {0};
  query.query.target_fd = (uint32_t)cgroup_dirfd;
  query.query.attach_type = program->attach_type;
  query.query.prog_ids = bpf_address(ids);
  query.query.prog_cnt = PROGRAMS;
  if (bpf_call(BPF_PROG_QUERY, &query) < 0) return -1;
  for (uint32_t i = 0; i < query.query.prog_cnt; i++) {
    union bpf_attr attributes = {0};
    attributes.prog_id = ids[i];
    cleanup_close int fd = bpf_call(BPF_PROG_GET_FD_BY_ID, &attributes);
    if (fd < 0 && errno == ENOENT) continue;
    if (fd < 0 || read_info(fd, &info) < 0) return -1;
    if (strncmp(info.name, program->name, sizeof info.name) == 0) return take_fd(&fd);
  }
  errno = ENOENT;
  return -1;
}

static int attach(int cgroup, const struct bpf_program *program, int loaded, int older) {
  union bpf_attr attributes = {0};
  attributes.target_fd = (uint32_t)cgroup;
  attributes.attach_bpf_fd = (uint32_t)loaded;
  attributes.attach_type = program->attach_type;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (older >= 0) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = (uint32_t)older;
  }
  return bpf_call(BPF_PROG_ATTACH, &attributes);
}

int bpf_attach(int cgroup_dirfd, const struct bpf_program *program, int loaded, struct failure *failure) {
  cleanup_close int older = bpf_find_attached(cgroup_dirfd, program);
  if (older < 0 && errno != ENOENT) return fail(failure, program->step, errno, "list the programs of the cgroup");
  if (attach(cgroup_dirfd, program, loaded, older) == 0) return 0;
  return fail(failure, program->step, errno, "attach the program %s", program->name);
}
