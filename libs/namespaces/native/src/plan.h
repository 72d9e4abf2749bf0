/* The messages of native.proto under short names, and their validation. */
#ifndef BERTH_PLAN_H
#define BERTH_PLAN_H

#include "failure.h"
#include "native.pb-c.h"

typedef Berth__Native__V1__Request request_message;
typedef Berth__Native__V1__Reply reply_message;
typedef Berth__Native__V1__StartContainer container_plan;
typedef Berth__Native__V1__StartExec exec_plan;
typedef Berth__Native__V1__MountContainer mount_container_plan;
typedef Berth__Native__V1__Rootfs rootfs_plan;
typedef Berth__Native__V1__Mount mount_plan;
typedef Berth__Native__V1__VolumeMount volume_plan;
typedef Berth__Native__V1__Process process_plan;
typedef Berth__Native__V1__Cgroup cgroup_plan;
typedef Berth__Native__V1__CgroupDirectory cgroup_directory_plan;
typedef Berth__Native__V1__Log log_plan;
typedef Berth__Native__V1__FileValue file_value;
typedef Berth__Native__V1__UserNamespace user_namespace_plan;
typedef Berth__Native__V1__CleanUpContainer clean_up_plan;
typedef Berth__Native__V1__UpdateCgroup update_plan;
typedef Berth__Native__V1__DeviceRule device_rule;
typedef Berth__Native__V1__Publication publication_plan;
typedef Berth__Native__V1__PublishedPort published_port_plan;

/* How many mounts, devices, links, masked paths and so on a plan may have each. */
#define PLAN_LIST_MAX 1024

/* How many device rules: the kernel walks many more paths than a program has instructions, and gives up at a million. */
#define DEVICE_RULES_MAX 256

/* The longest name of an AppArmor profile. */
#define PROFILE_NAME_MAX 512

/* How many ports a container may publish, and an engine in all: each is one of the host's. */
#define PUBLISHED_PORTS_MAX 65536

/* A pid, a network and an IPC namespace, each of another container. */
#define PLAN_JOINS_MAX 3

/*
 * Each check is a pure function over a message: 0, or -1 with a failure of step "plan" that names the field. They hold
 * what the executing code relies on (absolute paths without "..", ids, counts, flags); what is sensible was decided by
 * the caller.
 */
int plan_check_container(const container_plan *plan, struct failure *failure);

/* The second request of a start whose root follows: it is that, and good. */
int plan_check_following_root(const request_message *request, struct failure *failure);
int plan_check_exec(const exec_plan *plan, struct failure *failure);
int plan_check_update(const update_plan *plan, struct failure *failure);
int plan_check_clean_up(const clean_up_plan *plan, struct failure *failure);
int plan_check_mount_container(const mount_container_plan *plan, struct failure *failure);
int plan_check_ports(size_t count, published_port_plan *const *ports, struct failure *failure);

/* The name that a path has in a directory, both clean and absolute: "b/c" for "/a" and "/a/b/c". NULL when it does not lie
 * in it. */
const char *plan_path_below(const char *directory, const char *path);

/* An absolute path without "..", "." or empty name, shorter than PATH_MAX. "/" is one. */
int plan_check_path(const char *path, const char *field, struct failure *failure);

#endif
