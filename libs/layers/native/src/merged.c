#include "merged.h"

#include "read_only.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* The kernel takes one page. */
#define OPTIONS_MAX 4096

int own_mounts(struct layer_error *error) {
  if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0) return 0;
  return fail_errno(error, "mount", "cannot make a mount namespace");
}

int merged_open(const char *upper, const char *layers, const char *lowers, struct layer_error *error) {
  char options[OPTIONS_MAX];

  if (strpbrk(upper, ",:\\"))
    return fail(error, FAILURE_USAGE, "mount", "a comma, colon or backslash is in the name \"%.200s\"", upper);
  if (snprintf(options, sizeof(options), "lowerdir=%s:%s,index=off,metacopy=off,redirect_dir=nofollow,xino=off", upper, lowers) >=
      OPTIONS_MAX)
    return fail(error, FAILURE_LIMIT, "mount", "there are too many layers");
  /* The layers' names are relative to their directory, which the mount then covers. */
  if (chdir(layers) != 0 || mount("overlay", ".", "overlay", MS_RDONLY, options) != 0)
    return fail_errno(error, "mount", "cannot mount the layers in \"%.200s\"", layers);
  return open_read_only(layers, error);
}
