#include "kinds.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "link.h"

static const struct {
  const char *kind;
  const char *option;
  const char *module;
} KINDS[] = {
    {"macvlan", "CONFIG_MACVLAN", "macvlan"},
    {"ipvlan", "CONFIG_IPVLAN", "ipvlan"},
    {"vlan", "CONFIG_VLAN_8021Q", "8021q"},
    {"dummy", "CONFIG_DUMMY", "dummy"},
};

bool kinds_is_missing(const struct netlink_refusal *refusal) {
  return refusal->error == EOPNOTSUPP;
}

int kinds_fail(struct failure *failure, const char *kind) {
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
    if (strcmp(kind, KINDS[i].kind) != 0) continue;
    return fail(failure, "network", EOPNOTSUPP, "the kernel has no %s interfaces: it needs %s, or its module %s", kind, KINDS[i].option,
                KINDS[i].module);
  }
  return fail(failure, "network", EOPNOTSUPP, "the kernel has no %s interfaces", kind);
}

/* Without a parent they are refused by their own code, if there is any. */
int kinds_check(int fd, const char *kind, struct failure *failure) {
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  netlink_begin(&batch);
  netlink_message(&batch, "ask for its kind", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  size_t information = netlink_nest(&batch, IFLA_LINKINFO);
  netlink_put_string(&batch, IFLA_INFO_KIND, kind);
  netlink_nest_end(&batch, information);
  return netlink_send(fd, &batch, &refusal) < 0 && kinds_is_missing(&refusal) ? kinds_fail(failure, kind) : 0;
}
