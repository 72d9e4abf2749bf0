#include "loopback_resolver_code.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { ADDRESS = 0x7f00000b, PORT = 53, MAPPED = 0xffff }; /* 127.0.0.11; the third quarter of ::ffff:0:0/96 */

/* Registers: 6 is the context and 7 a server, which calls leave alone. Places on the stack: */
enum { KEY = -8, VALUE = -16 };

static void load(struct bpf_code *code, uint8_t destination, size_t offset) {
  bpf_emit(code, BPF_LDX | BPF_MEM | BPF_W, destination, BPF_REG_6, (int16_t)offset, 0);
}

static void store(struct bpf_code *code, uint8_t size, int16_t place, uint8_t source) {
  bpf_emit(code, (uint8_t)(BPF_STX | BPF_MEM | size), BPF_REG_10, source, place, 0);
}

static void move(struct bpf_code *code, uint8_t destination, uint8_t source) {
  bpf_emit(code, BPF_ALU64 | BPF_MOV | BPF_X, destination, source, 0, 0);
}

static void move_number(struct bpf_code *code, uint8_t destination, int32_t number) {
  bpf_emit(code, BPF_ALU64 | BPF_MOV | BPF_K, destination, 0, 0, number);
}

static void point_at(struct bpf_code *code, uint8_t destination, int16_t place) {
  move(code, destination, BPF_REG_10);
  bpf_emit(code, BPF_ALU64 | BPF_ADD | BPF_K, destination, 0, 0, place);
}

static void call(struct bpf_code *code, int32_t function) { bpf_emit(code, BPF_JMP | BPF_CALL, 0, 0, 0, function); }

/* The way through all that is not ours. */
static void leave(struct bpf_code *code) {
  move_number(code, BPF_REG_0, 1);
  bpf_emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Of 32 bits, in network order. */
static void leave_unless(struct bpf_code *code, uint8_t reg, uint32_t number) {
  bpf_emit(code, BPF_JMP32 | BPF_JEQ | BPF_K, reg, 0, 2, (int32_t)number);
  leave(code);
}

static void leave_unless_field(struct bpf_code *code, size_t offset, uint32_t number) {
  load(code, BPF_REG_2, offset);
  leave_unless(code, BPF_REG_2, number);
}

static void point_at_map(struct bpf_code *code, int map) {
  bpf_emit(code, BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map);
  bpf_emit(code, 0, 0, 0, 0, 0);
}

static void take_cookie(struct bpf_code *code, int32_t function) {
  move(code, BPF_REG_1, BPF_REG_6);
  call(code, function);
  store(code, BPF_DW, KEY, BPF_REG_0);
}

/* Register 7: the server that a map has for a cookie. */
static void look_up(struct bpf_code *code, int map, int32_t cookie_function) {
  take_cookie(code, cookie_function);
  point_at_map(code, map);
  point_at(code, BPF_REG_2, KEY);
  call(code, BPF_FUNC_map_lookup_elem);
  bpf_emit(code, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
  leave(code);
  bpf_emit(code, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_7, BPF_REG_0, 0, 0);
}

/* A stream has no need: nobody is told from where its bytes come. */
static void remember_datagram_socket(struct bpf_code *code, int asked) {
  load(code, BPF_REG_2, offsetof(struct bpf_sock_addr, type));
  const uint32_t skip = code->count;
  bpf_emit(code, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_2, 0, 0, SOCK_DGRAM);
  take_cookie(code, BPF_FUNC_get_socket_cookie);
  store(code, BPF_W, VALUE, BPF_REG_7);
  point_at_map(code, asked);
  point_at(code, BPF_REG_2, KEY);
  point_at(code, BPF_REG_3, VALUE);
  move_number(code, BPF_REG_4, BPF_ANY);
  call(code, BPF_FUNC_map_update_elem);
  code->instructions[skip] |= (uint64_t)(code->count - skip - 1) << 16;
}

static void replace_address(struct bpf_code *code, size_t offset, uint8_t source) {
  bpf_emit(code, BPF_STX | BPF_MEM | BPF_W, BPF_REG_6, source, (int16_t)offset, 0);
}

void loopback_resolver_write(struct bpf_code *code, enum bpf_attach_type where, const struct loopback_resolver_maps *maps) {
  const bool receives = where == BPF_CGROUP_UDP4_RECVMSG || where == BPF_CGROUP_UDP6_RECVMSG;
  const bool is_ipv6 = where == BPF_CGROUP_INET6_CONNECT || where == BPF_CGROUP_UDP6_RECVMSG;
  const size_t ipv6 = offsetof(struct bpf_sock_addr, user_ip6);
  const size_t address = is_ipv6 ? ipv6 + 12 : offsetof(struct bpf_sock_addr, user_ip4);
  move(code, BPF_REG_6, BPF_REG_1);
  leave_unless_field(code, offsetof(struct bpf_sock_addr, user_port), htons(PORT));
  if (is_ipv6) {
    leave_unless_field(code, ipv6, 0);
    leave_unless_field(code, ipv6 + 4, 0);
    leave_unless_field(code, ipv6 + 8, htonl(MAPPED));
  }
  if (receives) {
    look_up(code, maps->asked, BPF_FUNC_get_socket_cookie);
    load(code, BPF_REG_2, address);
    bpf_emit(code, BPF_JMP32 | BPF_JEQ | BPF_X, BPF_REG_2, BPF_REG_7, 2, 0);
    leave(code);
    move_number(code, BPF_REG_7, (int32_t)htonl(ADDRESS));
  } else {
    leave_unless_field(code, address, htonl(ADDRESS));
    look_up(code, maps->servers, BPF_FUNC_get_netns_cookie);
    remember_datagram_socket(code, maps->asked);
  }
  replace_address(code, address, BPF_REG_7);
  leave(code);
}
