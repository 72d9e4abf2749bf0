#include "parent.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "child.h"
#include "cleanup.h"
#include "kinds.h"
#include "link.h"

enum { VLAN_ID_MAX = 4094 };

static int find_vlan_link(int fd, const Berth__Native__V1__EnsureParent *plan, uint32_t *index, struct failure *failure) {
  struct link link;
  if (link_find(fd, plan->link, &link, failure) < 0) return -1;
  *index = link.index;
  return link.index == 0 ? fail(failure, "network", ENODEV, "interface %s does not exist", plan->link) : 0;
}

static void put_vlan(struct netlink_batch *batch, const Berth__Native__V1__EnsureParent *plan) {
  const uint16_t id = (uint16_t)plan->vlan_id;
  size_t data = netlink_nest(batch, IFLA_INFO_DATA);
  netlink_put(batch, IFLA_VLAN_ID, &id, sizeof id);
  netlink_nest_end(batch, data);
}

static void put_creation(struct netlink_batch *batch, const Berth__Native__V1__EnsureParent *plan, uint32_t on) {
  const uint32_t index = link_choose_index();
  const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
  netlink_message(batch, "create the parent", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  netlink_put_string(batch, IFLA_IFNAME, plan->name);
  if (on != 0) netlink_put_u32(batch, IFLA_LINK, on);
  size_t information = netlink_nest(batch, IFLA_LINKINFO);
  netlink_put_string(batch, IFLA_INFO_KIND, plan->kind);
  if (on != 0) put_vlan(batch, plan);
  netlink_nest_end(batch, information);
  link_put_completion(batch, index, plan->table, true);
}

static int create(int fd, const Berth__Native__V1__EnsureParent *plan, struct failure *failure) {
  struct netlink_batch batch;
  struct netlink_refusal refusal;
  uint32_t on = 0;
  if (strcmp(plan->kind, "vlan") == 0 && find_vlan_link(fd, plan, &on, failure) < 0) return -1;
  netlink_begin(&batch);
  put_creation(&batch, plan, on);
  if (netlink_send(fd, &batch, &refusal) == 0) return 0;
  return kinds_is_missing(&refusal) ? kinds_fail(failure, plan->kind) : link_fail(failure, plan->name, &refusal);
}

static int check(const Berth__Native__V1__EnsureParent *plan, struct failure *failure) {
  const bool is_vlan = strcmp(plan->kind, "vlan") == 0;
  if (!link_is_name(plan->name) || plan->table[0] == '\0' || (is_vlan && !link_is_name(plan->link)))
    return fail(failure, "network", EINVAL, "bad name of a parent or a table");
  if (is_vlan && (plan->vlan_id == 0 || plan->vlan_id > VLAN_ID_MAX))
    return fail(failure, "network", EINVAL, "bad number of VLAN %s: %u", plan->name, plan->vlan_id);
  if (!child_is_kind(plan->child_kind) || !(is_vlan || plan->kind[0] == '\0' || strcmp(plan->kind, "dummy") == 0))
    return fail(failure, "network", EINVAL, "parent %s: its kind, or that of what is to be on it, is not known", plan->name);
  return 0;
}

int parent_ensure(const Berth__Native__V1__EnsureParent *plan, struct failure *failure) {
  struct link link;
  if (check(plan, failure) < 0) return -1;
  cleanup_close int fd = link_open(failure);
  if (fd < 0 || kinds_check(fd, plan->child_kind, failure) < 0 || link_find(fd, plan->name, &link, failure) < 0) return -1;
  if (link.index == 0 && plan->kind[0] == '\0') return fail(failure, "network", ENODEV, "parent %s does not exist", plan->name);
  if (link.index == 0) return create(fd, plan, failure);
  if (strcmp(plan->kind, "dummy") == 0 && !link_is_of(&link, plan->table))
    return fail(failure, "network", EEXIST, "interface %s exists and is not Berth's", plan->name);
  return 0;
}
