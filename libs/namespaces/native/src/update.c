#include "update.h"

#include <errno.h>
#include <fcntl.h>

#include "cgroup.h"
#include "cleanup.h"

int update_cgroup(const update_plan *plan, struct failure *failure) {
  if (plan_check_update(plan, failure) < 0) return -1;
  cleanup_close int state_dir = open(plan->state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (state_dir < 0) return fail(failure, "cgroup", errno, "open %.200s", plan->state_dir);
  return cgroup_update(plan->cgroup, state_dir, failure);
}
