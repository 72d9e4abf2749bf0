/* Device nodes and symbolic links in a container's root. */
#ifndef BERTH_DEVICES_H
#define BERTH_DEVICES_H

#include "failure.h"
#include "plan.h"

/* Makes the plan's device nodes and symbolic links below `root`. The umask must be 0. Returns 0, or -1 with the
 * failure. */
int make_devices(int root, const container_plan *plan, struct failure *failure);

#endif
