#include "copy_up.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "tree.h"

/*
 * The copy is made in a directory of the volume, which gets another name when it is complete, and whose contents then
 * move up. So a volume with FILLING in it was cut off while copying, one with FILLED while moving.
 */
static const char FILLING[] = ".berth-filling";
static const char FILLED[] = ".berth-filled";

static bool has(int directory, const char *name) { return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

static int move_up(int directory, const char *name, void *to) { return renameat(directory, name, *(int *)to, name); }

/* Moves everything up, then gives the volume its attributes, and is done when the empty directory goes. */
static int finish(int from, int to, struct failure *failure) {
  cleanup_close int filled = openat(to, FILLED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (filled < 0 || tree_for_each(filled, move_up, &to) < 0) return fail(failure, "mount", errno, "fill the volume");
  if (unlinkat(to, FILLED, AT_REMOVEDIR) < 0) return fail(failure, "mount", errno, "end filling the volume");
  if (tree_copy_attributes(from, to) < 0) return fail(failure, "mount", errno, "give the volume its owner and mode");
  return 0;
}

static int fill(int from, int to, struct failure *failure) {
  if (mkdirat(to, FILLING, 0700) < 0) return fail(failure, "mount", errno, "begin to fill the volume");
  cleanup_close int filling = openat(to, FILLING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (filling < 0 || tree_copy(from, filling) < 0) {
    (void)fail(failure, "mount", errno, "copy the image's files into the volume");
    (void)tree_remove(to, FILLING);
    return -1;
  }
  if (renameat(to, FILLING, to, FILLED) < 0) return fail(failure, "mount", errno, "fill the volume");
  return finish(from, to, failure);
}

int copy_up(int from, int to, struct failure *failure) {
  cleanup_close int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  cleanup_close int volume = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (source < 0 || volume < 0) return 0;
  if (has(volume, FILLED)) return finish(source, volume, failure);
  if (has(volume, FILLING) && tree_remove(volume, FILLING) < 0)
    return fail(failure, "mount", errno, "begin anew to fill the volume");
  return tree_is_empty(volume) ? fill(source, volume, failure) : 0;
}
