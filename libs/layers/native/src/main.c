/* berth-layer: unpacks layers, which are hostile until proven otherwise, into directories for overlayfs. */
#include "commands.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

int main(int count, char **arguments) {
  /* libarchive converts the names in PAX headers from UTF-8 to the locale's charset. */
  setlocale(LC_CTYPE, "C.UTF-8");
  signal(SIGPIPE, SIG_IGN);
  /* Whoever started this wants nothing any more when it is gone. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (count == 2 && strcmp(arguments[1], "serve") == 0) return serve_command();
  if (count < 2 || strcmp(arguments[1], "--help") == 0) {
    fputs(commands_usage, stderr);
    return 2;
  }
  return run_command(count, arguments);
}
