#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "complain.h"
#include "kernel.h"
#include "one_shot.h"
#include "record.h"
#include "sealed.h"
#include "spawner.h"

static const char USAGE[] =
    "usage: berth-ns spawner --socket PATH [--cgroup-dir DIR]   serve requests until SIGTERM\n"
    "       berth-ns run REQUEST-FILE                           serve one request, a serialized "
    "berth.native.v1.Request\n"
    "       berth-ns version\n";

static int usage(void) {
  (void)fputs(USAGE, stderr);
  return 2;
}

static int parse_spawner(int count, char **arguments, struct spawner_options *options) {
  for (int i = 0; i + 1 < count; i += 2) {
    if (strcmp(arguments[i], "--socket") == 0) {
      options->socket_path = arguments[i + 1];
    } else if (strcmp(arguments[i], "--cgroup-dir") == 0) {
      options->cgroup_dir = arguments[i + 1];
    } else {
      return -1;
    }
  }
  return count % 2 == 0 && options->socket_path != NULL ? 0 : -1;
}

/* What the starter ignores would be ignored in every container, and an ignored SIGCHLD would hide how a process ended. */
static void reset_signals(void) {
  for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
}

static int prepare(char **arguments, char **environment, struct host *host) {
  if (kernel_check() < 0) return -1;
  if (sealed_ensure(arguments, environment) < 0) return complain_errno("cannot run from a sealed copy");
  /* Nothing in a container may trace this process or read its /proc files (CVE-2016-9962). */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return complain_errno("cannot become undumpable");
  reset_signals();
  /* A user in a container reads the files of its cgroup, which is made by this process: so not 077. */
  (void)umask(022);
  (void)prctl(PR_SET_NAME, "berth-ns", 0, 0, 0);
  return read_boot_id(host->boot_id) < 0 ? complain_errno("cannot read the boot id") : 0;
}

int main(int count, char **arguments, char **environment) {
  struct host host = {.resolver = LOOPBACK_RESOLVER_NONE, .spare = SPARE_NETWORK_NONE};
  struct spawner_options options = {0};
  if (count == 2 && strcmp(arguments[1], "version") == 0) return puts(BERTH_VERSION) < 0 ? 1 : 0;
  if (count == 3 && strcmp(arguments[1], "run") == 0) {
    return prepare(arguments, environment, &host) < 0 ? 1 : one_shot_run(arguments[2], &host);
  }
  if (count < 2 || strcmp(arguments[1], "spawner") != 0 || parse_spawner(count - 2, arguments + 2, &options) < 0)
    return usage();
  return prepare(arguments, environment, &host) < 0 ? 1 : spawner_run(&options, &host);
}
