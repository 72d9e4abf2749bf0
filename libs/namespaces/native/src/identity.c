#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "io.h"
#include "syscalls.h"

#define CAPABILITIES 64

struct capability_sets {
  uint64_t effective;
  uint64_t permitted;
  uint64_t inheritable;
};

static int get_capabilities(struct capability_sets *sets) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) < 0) return -1;
  sets->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
  sets->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
  sets->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
  return 0;
}

static int set_capabilities(const struct capability_sets *sets) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  for (unsigned i = 0; i < 2; i++) {
    data[i].effective = (uint32_t)(sets->effective >> (32 * i));
    data[i].permitted = (uint32_t)(sets->permitted >> (32 * i));
    data[i].inheritable = (uint32_t)(sets->inheritable >> (32 * i));
  }
  return (int)syscall(SYS_capset, &header, data);
}

static int drop_bounding(uint64_t keep, struct failure *failure) {
  for (unsigned long capability = 0; capability < CAPABILITIES; capability++) {
    if ((keep >> capability & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return 0; /* beyond the last capability of this kernel */
    return fail(failure, "capabilities", errno, "drop capability %lu from the bounding set", capability);
  }
  return 0;
}

static int set_ids(const process_plan *process, struct failure *failure) {
  if (setgroups(process->n_additional_group_ids, process->additional_group_ids) < 0) {
    return fail(failure, "identity", errno, "set %zu supplementary groups", process->n_additional_group_ids);
  }
  if (setresgid(process->group_id, process->group_id, process->group_id) < 0) {
    return fail(failure, "identity", errno, "set the group id %u", process->group_id);
  }
  /* Otherwise leaving uid 0 would clear the permitted set, of which the ambient set needs a part. */
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return fail(failure, "capabilities", errno, "keep capabilities");
  if (setresuid(process->user_id, process->user_id, process->user_id) < 0) {
    return fail(failure, "identity", errno, "set the user id %u", process->user_id);
  }
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) return fail(failure, "capabilities", errno, "stop keeping capabilities");
  return 0;
}

static int raise_ambient(uint64_t ambient, struct failure *failure) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return fail(failure, "capabilities", errno, "clear the ambient set");
  for (unsigned long capability = 0; capability < CAPABILITIES; capability++) {
    if ((ambient >> capability & 1) == 0) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) {
      return fail(failure, "capabilities", errno, "raise the ambient capability %lu", capability);
    }
  }
  return 0;
}

static int set_filter(const process_plan *process, struct failure *failure) {
  const ProtobufCBinaryData *filter = &process->seccomp_filter;
  if (filter->len == 0) return 0;
  struct sock_fprog program = {.len = (unsigned short)(filter->len / sizeof(struct sock_filter)),
                               .filter = (struct sock_filter *)(void *)filter->data};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, process->seccomp_flags, &program) == 0) return 0;
  return fail(failure, "seccomp", errno, "load a filter of %u instructions", program.len);
}

static int take_capabilities(const process_plan *process, struct failure *failure) {
  const Berth__Native__V1__Capabilities *wanted = process->capabilities;
  struct capability_sets own;
  if (get_capabilities(&own) < 0) return fail(failure, "capabilities", errno, "read the helper's own");
  if (drop_bounding(wanted->bounding, failure) < 0 || set_ids(process, failure) < 0) return -1;
  struct capability_sets sets = {
      .effective = wanted->effective & own.permitted,
      .permitted = wanted->permitted & own.permitted,
      .inheritable = wanted->inheritable & own.permitted,
  };
  if (set_capabilities(&sets) < 0) return fail(failure, "capabilities", errno, "set the capabilities");
  return raise_ambient(wanted->ambient & own.permitted, failure);
}

int identity_confine(const process_plan *process, struct failure *failure) {
  char text[sizeof "exec " + PROFILE_NAME_MAX];
  if (process->apparmor_profile[0] == '\0') return 0;
  (void)snprintf(text, sizeof text, "exec %s", process->apparmor_profile);
  if (write_text_at(AT_FDCWD, "/proc/thread-self/attr/apparmor/exec", text) == 0) return 0;
  /* Before Linux 5.8 there is one file for whichever security module is there. */
  bool older = errno == ENOENT && access("/proc/thread-self/attr/apparmor", F_OK) < 0;
  if (older && write_text_at(AT_FDCWD, "/proc/thread-self/attr/exec", text) == 0) return 0;
  return fail(failure, "apparmor", errno, "take the profile \"%.128s\"", process->apparmor_profile);
}

int identity_take(const process_plan *process, struct failure *failure) {
  bool last = process->no_new_privileges;
  if (!last && set_filter(process, failure) < 0) return -1;
  if (take_capabilities(process, failure) < 0) return -1;
  if (!last) return 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail(failure, "identity", errno, "set no_new_privs");
  return set_filter(process, failure);
}

int identity_make_as(uid_t user, gid_t group) {
  struct capability_sets sets;
  (void)setfsgid(group);
  (void)setfsuid(user);
  /* Both tell nothing but what was before. */
  if ((uid_t)setfsuid((uid_t)-1) != user || (gid_t)setfsgid((gid_t)-1) != group) {
    errno = EPERM;
    return -1;
  }
  /* With an id that is not 0 the rights over files are taken from the effective set. */
  if (get_capabilities(&sets) < 0) return -1;
  sets.effective = sets.permitted;
  return set_capabilities(&sets);
}

void identity_drop_to_keeper(bool of_network) {
  const uint64_t kept = 1ULL << CAP_KILL | (of_network ? 1ULL << CAP_NET_ADMIN : 0);
  const struct capability_sets sets = {.effective = kept, .permitted = kept};
  (void)set_capabilities(&sets);
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
