#include "plan.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "tap.h"
#include "wire.h"

/* A plan that is good, with one of everything; each test spoils one thing. */
struct sample {
  container_plan plan;
  rootfs_plan rootfs;
  Berth__Native__V1__UserNamespace user_namespace;
  process_plan process;
  Berth__Native__V1__Capabilities capabilities;
  mount_plan mount;
  Berth__Native__V1__BindMount bind;
  Berth__Native__V1__Device device;
  file_value sysctl;
  Berth__Native__V1__NetworkInterface network;
  publication_plan publication;
  published_port_plan port;
  mount_plan *mounts[1];
  Berth__Native__V1__Device *devices[1];
  file_value *sysctls[1];
  char *layers[1];
  char *arguments[1];
  uint8_t address[6];
  published_port_plan *ports[1];
};

static void fill_parts(struct sample *sample) {
  berth__native__v1__rootfs__init(&sample->rootfs);
  sample->layers[0] = "layer-1_a.b/c";
  sample->rootfs.layers_dir = "/layers";
  sample->rootfs.upper_dir = "/upper";
  sample->rootfs.work_dir = "/work";
  sample->rootfs.lower_dirs = sample->layers;
  sample->rootfs.n_lower_dirs = 1;
  berth__native__v1__capabilities__init(&sample->capabilities);
  berth__native__v1__process__init(&sample->process);
  sample->arguments[0] = "true";
  sample->process.arguments = sample->arguments;
  sample->process.n_arguments = 1;
  sample->process.working_directory = "/";
  sample->process.capabilities = &sample->capabilities;
  berth__native__v1__bind_mount__init(&sample->bind);
  sample->bind.source = "/source";
  berth__native__v1__mount__init(&sample->mount);
  sample->mount.target = "/etc/hosts";
  sample->mount.source_case = BERTH__NATIVE__V1__MOUNT__SOURCE_BIND;
  sample->mount.bind = &sample->bind;
  berth__native__v1__device__init(&sample->device);
  sample->device.path = "/dev/null";
  sample->device.mode = S_IFCHR | 0666;
  berth__native__v1__file_value__init(&sample->sysctl);
  sample->sysctl.path = "net/ipv4/ip_forward";
  berth__native__v1__network_interface__init(&sample->network);
  sample->network.host_name = "veth0";
  sample->network.name = "eth0";
  sample->network.bridge = "berth0";
  sample->network.hardware_address = (ProtobufCBinaryData){.data = sample->address, .len = 6};
}

static void fill_publication(struct sample *sample) {
  berth__native__v1__published_port__init(&sample->port);
  sample->port.host_address = "0.0.0.0";
  sample->port.host_port = 8080;
  sample->port.protocol = 6;
  sample->port.address = "172.17.0.2";
  sample->port.port = 80;
  sample->ports[0] = &sample->port;
  berth__native__v1__publication__init(&sample->publication);
  sample->publication.table = "berth";
  sample->publication.bridge = "berth0";
  sample->publication.ports = sample->ports;
  sample->publication.n_ports = 1;
}

static struct sample *fill(struct sample *sample) {
  memset(sample, 0, sizeof *sample);
  fill_parts(sample);
  fill_publication(sample);
  container_plan *plan = &sample->plan;
  berth__native__v1__start_container__init(plan);
  plan->container_id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  plan->state_dir = "/run/x";
  plan->namespace_flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWPID;
  plan->rootfs = &sample->rootfs;
  plan->process = &sample->process;
  plan->network = &sample->network;
  plan->publication = &sample->publication;
  sample->mounts[0] = &sample->mount;
  sample->devices[0] = &sample->device;
  sample->sysctls[0] = &sample->sysctl;
  plan->mounts = sample->mounts;
  plan->devices = sample->devices;
  plan->sysctls = sample->sysctls;
  plan->n_mounts = plan->n_devices = plan->n_sysctls = 1;
  plan->hostname = "name";
  return sample;
}

static Berth__Native__V1__UserNamespace *with_user_namespace(struct sample *sample) {
  Berth__Native__V1__UserNamespace *space = &sample->user_namespace;
  berth__native__v1__user_namespace__init(space);
  *space = (Berth__Native__V1__UserNamespace){
      .base = space->base, .first_id = 1U << 30, .count = 65536, .storage_dir = "/storage"};
  sample->plan.user_namespace = space;
  sample->plan.namespace_flags |= CLONE_NEWUSER;
  sample->rootfs.layers_dir = "/storage/layers";
  sample->rootfs.upper_dir = "/storage/1/upper";
  sample->rootfs.work_dir = "/storage/1/work";
  return space;
}

static bool is_good(const struct sample *sample) {
  struct failure failure;
  return plan_check_container(&sample->plan, &failure) == 0;
}

static void follows_good_roots_only(void) {
  struct failure failure;
  struct sample sample;
  request_message request = BERTH__NATIVE__V1__REQUEST__INIT;
  request.request_case = BERTH__NATIVE__V1__REQUEST__REQUEST_ROOTFS;
  request.rootfs = &fill(&sample)->rootfs;
  check(plan_check_following_root(&request, &failure) == 0, "a good root may follow");
  sample.rootfs.upper_dir = "upper";
  check(plan_check_following_root(&request, &failure) < 0, "a bad one may not");
  request.request_case = BERTH__NATIVE__V1__REQUEST__REQUEST_START_CONTAINER;
  request.start_container = &fill(&sample)->plan;
  check(plan_check_following_root(&request, &failure) < 0, "nor may anything else");
}

/* Spoils a fresh sample and expects it to be refused. */
#define refuses(change, sentence)               \
  do {                                          \
    struct sample spoiled;                      \
    struct sample *s = fill(&spoiled);          \
    change;                                     \
    check(!is_good(s), sentence " is refused"); \
  } while (0)

static void test_paths(void) {
  static const char *const BAD[] = {"", "relative", "/a/../b", "/..", "/a//b", "/a/", "/.", "/a/./b", "//"};
  struct failure failure;
  bool refused = true;
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
    refused = refused && plan_check_path(BAD[i], "path", &failure) < 0;
  check(refused, "a path of the host that is not clean is refused");
  check(plan_check_path("/", "path", &failure) == 0 && plan_check_path("/a/b.c/..d", "path", &failure) == 0,
        "a clean one is not");
  char path[5000];
  memset(path, 'x', sizeof path - 1);
  path[0] = '/';
  path[sizeof path - 1] = '\0';
  check(plan_check_path(path, "path", &failure) < 0, "nor is one that is too long taken");
}

static void test_fields(void) {
  char long_name[600] = {0};
  memset(long_name, 'x', sizeof long_name - 1);
  struct sample sample;
  struct failure failure;
  check(is_good(fill(&sample)), "a good plan is taken");
  fill(&sample)->plan.rootfs_follows = true;
  sample.plan.rootfs = NULL;
  check(is_good(&sample), "so is one whose root follows");
  refuses(s->plan.rootfs_follows = true, "a root that follows and is there");
  follows_good_roots_only();
  refuses(s->plan.container_id = "abc", "a short id");
  refuses(s->plan.container_id = "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
          "an id in capitals");
  refuses(s->plan.namespace_flags |= CLONE_NEWUSER, "a user namespace without ids");
  refuses(with_user_namespace(s)->first_id = 0, "a user namespace with root of the host");
  refuses(with_user_namespace(s)->count = UINT32_MAX, "a user namespace with more ids than there are");
  refuses(with_user_namespace(s)->storage_dir = "/elsewhere", "a root outside the storage of a user namespace");
  refuses((with_user_namespace(s), s->process.user_id = 65536), "a user whom the user namespace has not");
  check(with_user_namespace(fill(&sample)) != NULL && plan_check_container(&sample.plan, &failure) == 0,
        "a good plan with a user namespace is taken");
  refuses(s->plan.namespace_flags |= CLONE_VM, "a flag that is no namespace");
  refuses(s->plan.namespace_flags &= ~(uint64_t)CLONE_NEWNET, "an interface in the host's network namespace");
  refuses(s->plan.namespace_flags &= ~(uint64_t)CLONE_NEWUTS, "a host name for the host");
  refuses(s->plan.rootfs = NULL, "no root");
  refuses(s->layers[0] = "a,b", "a layer with a comma");
  refuses(s->layers[0] = "/a", "an absolute layer");
  refuses(s->layers[0] = "", "an empty layer");
  refuses(s->mount.target = "/", "a mount over the root");
  refuses(s->mount.target = "/a/..", "a mount that climbs");
  refuses(s->mount.attributes = 1ULL << 40, "an unknown attribute");
  refuses(s->mount.attributes = 0x00100000, "an id-mapped mount");
  refuses(s->mount.source_case = BERTH__NATIVE__V1__MOUNT__SOURCE__NOT_SET, "a mount of nothing");
  refuses(s->device.path = "/dev/../null", "a device that climbs");
  refuses(s->device.mode = S_IFREG | 0666, "a device that is a file");
  refuses(s->device.mode = S_IFCHR | 0x80000000, "a device with a strange mode");
  refuses(s->sysctl.path = "kernel/core_pattern", "a sysctl of the host");
  refuses(s->sysctl.path = "net/../kernel/core_pattern", "a sysctl that climbs");
  refuses(s->sysctl.path = "kernel/msgmax", "a sysctl of a namespace that is the host's");
  refuses(s->network.host_name = "a/b", "an interface name with a slash");
  refuses(s->network.host_name = "sixteen-bytes-00", "an interface name that is too long");
  refuses(s->network.name = "..", "an interface name of two dots");
  refuses(s->network.hardware_address.len = 5, "a short hardware address");
  refuses(s->publication.bridge = "berth1", "a publication by a bridge that the container is not on");
  refuses(s->publication.table = "a-table-with-a-name-of-33-letters", "a table with a long name");
  refuses(s->port.host_address = "localhost", "a published port at a name");
  refuses(s->port.host_port = 65536, "a published port above the last");
  refuses(s->port.port = 0, "a published port 0");
  refuses(s->port.protocol = 1, "a published port of ICMP");
  refuses(s->process.n_arguments = 0, "no command");
  refuses(s->arguments[0] = "", "an empty command");
  refuses(s->process.user_id = UINT32_MAX, "the user that means no change");
  refuses(s->process.group_id = UINT32_MAX, "the group that means no change");
  refuses(s->process.capabilities = NULL, "no capabilities");
  refuses(s->process.umask = 01000, "a strange umask");
  refuses(s->process.working_directory = "x", "a relative working directory");
  refuses(s->process.seccomp_filter.len = 4096 * 8 + 8, "a filter that is too long");
  refuses(s->process.apparmor_profile = long_name, "an AppArmor profile of too long a name");
  refuses(s->process.seccomp_flags = 8, "a flag that makes a listener of a filter");
}

static void test_noise(void) {
  uint8_t packed[1024];
  struct sample sample;
  request_message request = BERTH__NATIVE__V1__REQUEST__INIT;
  request.request_case = BERTH__NATIVE__V1__REQUEST__REQUEST_START_CONTAINER;
  request.start_container = &fill(&sample)->plan;
  size_t size = berth__native__v1__request__pack(&request, packed);
  srandom(2);
  for (int round = 0; round < 5000; round++) {
    uint8_t noisy[1024];
    struct arena arena;
    struct failure failure;
    memcpy(noisy, packed, size);
    for (int i = 0; i < 3; i++) noisy[(size_t)random() % size] = (uint8_t)random();
    if (arena_open(&arena, 1U << 20) < 0) exit(1);
    request_message *read = wire_unpack_request(noisy, size - (size_t)(random() % 4), &arena, &failure);
    if (read != NULL && read->request_case == BERTH__NATIVE__V1__REQUEST__REQUEST_START_CONTAINER) {
      (void)plan_check_container(read->start_container, &failure);
    }
    arena_close(&arena);
  }
  check(true, "a plan with broken bytes does no harm");
}

int main(void) {
  test_paths();
  test_fields();
  test_noise();
  return done();
}
