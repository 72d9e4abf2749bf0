#include "loopback_resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "bpf.h"
#include "cleanup.h"
#include "loopback_resolver_code.h"
#include "network_inside.h"

/* Room for the entries of containers that run, and of those that have ended since it was last full. Sockets with a question under way. */
enum { SERVERS_MAX = 65536, ASKED_MAX = 4096 };

struct server {
  uint32_t address; /* in network order */
  uint32_t pid;
};

static const char STEP[] = "resolver";

/* The first one has both maps, and is attached first. */
static const struct bpf_program PROGRAMS[LOOPBACK_RESOLVER_PROGRAMS] = {
    {STEP, "berth_connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
    {STEP, "berth_connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT},
    {STEP, "berth_sendmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG},
    {STEP, "berth_recvmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG},
    {STEP, "berth_recvmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG},
};

static bool is_of_shape(int map, enum bpf_map_type type, uint32_t value_size) {
  struct bpf_map_info info = {0};
  union bpf_attr attributes = {0};
  attributes.info.bpf_fd = (uint32_t)map;
  attributes.info.info_len = sizeof info;
  attributes.info.info = bpf_address(&info);
  return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attributes) == 0 && info.type == type && info.value_size == value_size;
}

/* The maps of a program that is attached, if they are of our shape. */
static void find_maps(struct loopback_resolver_maps *maps, int program) {
  uint32_t ids[2] = {0};
  struct bpf_prog_info info = {.nr_map_ids = 2, .map_ids = bpf_address(ids)};
  union bpf_attr attributes = {0};
  attributes.info.bpf_fd = (uint32_t)program;
  attributes.info.info_len = sizeof info;
  attributes.info.info = bpf_address(&info);
  if (bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attributes) < 0 || info.nr_map_ids != 2) return;
  for (size_t i = 0; i < 2; i++) {
    union bpf_attr by_id = {0};
    by_id.map_id = ids[i];
    cleanup_close int map = bpf_call(BPF_MAP_GET_FD_BY_ID, &by_id);
    if (map < 0) continue;
    if (is_of_shape(map, BPF_MAP_TYPE_HASH, sizeof(struct server))) maps->servers = take_fd(&map);
    else if (is_of_shape(map, BPF_MAP_TYPE_LRU_HASH, sizeof(uint32_t))) maps->asked = take_fd(&map);
  }
}

static int make_map(enum bpf_map_type type, uint32_t value_size, uint32_t entries, uint32_t flags) {
  union bpf_attr attributes = {0};
  attributes.map_type = type;
  attributes.key_size = sizeof(uint64_t);
  attributes.value_size = value_size;
  attributes.max_entries = entries;
  attributes.map_flags = flags;
  return bpf_call(BPF_MAP_CREATE, &attributes);
}

static int open_maps(struct loopback_resolver_maps *maps, int cgroup, struct failure *failure) {
  cleanup_close int attached = bpf_find_attached(cgroup, &PROGRAMS[0]);
  if (attached >= 0) find_maps(maps, attached);
  if (maps->servers < 0) maps->servers = make_map(BPF_MAP_TYPE_HASH, sizeof(struct server), SERVERS_MAX, BPF_F_NO_PREALLOC);
  if (maps->asked < 0) maps->asked = make_map(BPF_MAP_TYPE_LRU_HASH, sizeof(uint32_t), ASKED_MAX, 0);
  return maps->servers < 0 || maps->asked < 0 ? fail(failure, STEP, errno, "make a map") : 0;
}

static int load_programs(struct loopback_resolver *resolver, const struct loopback_resolver_maps *maps, struct failure *failure) {
  for (size_t i = 0; i < LOOPBACK_RESOLVER_PROGRAMS; i++) {
    uint64_t instructions[LOOPBACK_RESOLVER_CODE_MAX];
    struct bpf_code code = {.instructions = instructions};
    loopback_resolver_write(&code, PROGRAMS[i].attach_type, maps);
    resolver->programs[i] = bpf_load(&PROGRAMS[i], &code, failure);
    if (resolver->programs[i] < 0) return -1;
  }
  return 0;
}

int loopback_resolver_open(struct loopback_resolver *resolver, int cgroup_dirfd, struct failure *failure) {
  struct loopback_resolver_maps maps = {-1, -1};
  *resolver = LOOPBACK_RESOLVER_NONE;
  int result = open_maps(&maps, cgroup_dirfd, failure);
  resolver->servers = maps.servers;
  if (result == 0) result = load_programs(resolver, &maps, failure);
  close_fd(&maps.asked);
  if (result == 0) result = loopback_resolver_attach(resolver, cgroup_dirfd, failure);
  if (result < 0) loopback_resolver_close(resolver);
  return result;
}

int loopback_resolver_attach(const struct loopback_resolver *resolver, int cgroup_dirfd, struct failure *failure) {
  for (size_t i = 0; resolver->servers >= 0 && i < LOOPBACK_RESOLVER_PROGRAMS; i++) {
    if (bpf_attach(cgroup_dirfd, &PROGRAMS[i], resolver->programs[i], failure) < 0) return -1;
  }
  return 0;
}

/* An operation on an entry of the map of servers. Returns 0, or -1 with errno. */
static int change(int servers, enum bpf_cmd command, uint64_t *key, void *value) {
  union bpf_attr attributes = {0};
  attributes.map_fd = (uint32_t)servers;
  attributes.key = bpf_address(key);
  attributes.value = bpf_address(value);
  return bpf_call(command, &attributes);
}

static bool has_ended(uint32_t pid) { return kill((pid_t)pid, 0) < 0 && errno == ESRCH; }

static void forget_ended(int servers) {
  uint64_t key = 0;
  uint64_t next = 0;
  struct server server = {0};
  bool more = change(servers, BPF_MAP_GET_NEXT_KEY, &key, &next) == 0;
  while (more) {
    key = next;
    more = change(servers, BPF_MAP_GET_NEXT_KEY, &key, &next) == 0;
    if (change(servers, BPF_MAP_LOOKUP_ELEM, &key, &server) == 0 && has_ended(server.pid))
      (void)change(servers, BPF_MAP_DELETE_ELEM, &key, NULL);
  }
}

int loopback_resolver_lead(const struct loopback_resolver *resolver, int netns_fd, pid_t pid, const char *server,
                           struct failure *failure) {
  uint64_t key;
  struct in_addr address;
  if (resolver->servers < 0) return 0;
  if (server[0] != '\0' && inet_pton(AF_INET, server, &address) != 1) return fail(failure, "plan", EINVAL, "bad address of a name server");
  if (network_inside_cookie(netns_fd, &key, failure) < 0) return -1;
  if (server[0] == '\0') {
    if (change(resolver->servers, BPF_MAP_DELETE_ELEM, &key, NULL) == 0 || errno == ENOENT) return 0;
    return fail(failure, STEP, errno, "forget a name server");
  }
  struct server value = {.address = address.s_addr, .pid = (uint32_t)pid};
  int result = change(resolver->servers, BPF_MAP_UPDATE_ELEM, &key, &value);
  if (result < 0 && errno == E2BIG) {
    forget_ended(resolver->servers);
    result = change(resolver->servers, BPF_MAP_UPDATE_ELEM, &key, &value);
  }
  return result < 0 ? fail(failure, STEP, errno, "note the name server %s", server) : 0;
}

void loopback_resolver_close(struct loopback_resolver *resolver) {
  close_fd(&resolver->servers);
  for (size_t i = 0; i < LOOPBACK_RESOLVER_PROGRAMS; i++) close_fd(&resolver->programs[i]);
}
