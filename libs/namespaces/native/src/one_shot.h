/* One request out of a file, in the foreground: for tests and for debugging. */
#ifndef BERTH_ONE_SHOT_H
#define BERTH_ONE_SHOT_H

#include "host.h"

/*
 * Serves the request as a keeper would, and is its client: prints the output, and on stderr the failure. Returns the
 * process's exit code, 0 for other requests, 125 for a failure.
 */
int one_shot_run(const char *path, struct host *host);

#endif
