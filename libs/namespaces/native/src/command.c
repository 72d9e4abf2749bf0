#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct command {
  char **arguments;
  char **environment;
};

bool command_next_candidate(const char **path, const char *name, char *candidate, size_t size) {
  while (*path != NULL) {
    const char *directory = *path;
    size_t length = strcspn(directory, ":");
    *path = directory[length] == ':' ? directory + length + 1 : NULL;
    size_t name_length = strlen(name);
    if (length + name_length + 3 > size) continue;
    if (length == 0) {
      memcpy(candidate, ".", 1);
      length = 1;
    } else {
      memcpy(candidate, directory, length);
    }
    candidate[length] = '/';
    memcpy(candidate + length + 1, name, name_length + 1);
    return true;
  }
  return false;
}

static const char *find_path(char *const *environment) {
  const char *found = NULL;
  for (; *environment != NULL; environment++) {
    if (strncmp(*environment, "PATH=", 5) == 0) found = *environment + 5;
  }
  return found;
}

/* Executes one file; on failure returns its errno, EISDIR for a directory. */
static int try(const char *file, const struct command *command) {
  (void)execve(file, command->arguments, command->environment);
  int error = errno;
  struct stat stat;
  if (error == EACCES && fstatat(AT_FDCWD, file, &stat, 0) == 0 && S_ISDIR(stat.st_mode)) return EISDIR;
  return error;
}

static int search(const char *name, const struct command *command) {
  char candidate[PATH_MAX];
  const char *path = find_path(command->environment);
  int result = ENOENT;
  while (command_next_candidate(&path, name, candidate, sizeof candidate)) {
    int error = try(candidate, command);
    if (error == EACCES) result = EACCES;
    if (error != EACCES && error != ENOENT && error != ENOTDIR && error != EISDIR) return error;
  }
  return result;
}

/* execve wants the list to end with NULL, which protobuf's does not. Never freed: execve or _exit follow. */
static char **end_with_null(char *const *list, size_t count) {
  char **ended = calloc(count + 1, sizeof *ended);
  if (ended != NULL && count > 0) memcpy(ended, list, count * sizeof *ended);
  return ended;
}

int command_execute(const process_plan *process, struct failure *failure) {
  struct command command = {
      .arguments = end_with_null(process->arguments, process->n_arguments),
      .environment = end_with_null(process->environment, process->n_environment),
  };
  if (command.arguments == NULL || command.environment == NULL)
    return fail(failure, "exec", ENOMEM, "prepare the arguments");
  const char *name = process->arguments[0];
  bool is_path = strchr(name, '/') != NULL;
  int error = is_path ? try(name, &command) : search(name, &command);
  return fail(failure, "exec", error, "%.220s", name);
}
