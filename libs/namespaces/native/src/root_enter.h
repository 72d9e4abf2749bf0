#ifndef BERTH_ROOT_ENTER_H
#define BERTH_ROOT_ENTER_H

#include <stdbool.h>

#include "failure.h"

/* Makes the mount `root` the root of this mount namespace, and lets go of the host's. Returns 0, or -1 with the failure.
 */
int root_enter(int root, bool readonly, struct failure *failure);

#endif
