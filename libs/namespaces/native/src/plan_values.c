#include <errno.h>
#include <limits.h>
#include <string.h>

#include "plan_parts.h"

int plan_refuse(struct failure *failure, const char *field, const char *why, const char *value) {
  return fail(failure, "plan", EINVAL, "%s %s: \"%.128s\"", field, why, value);
}

int plan_check_count(size_t count, size_t max, const char *field, struct failure *failure) {
  return count <= max ? 0
                      : fail(failure, "plan", E2BIG, "%s has %zu entries, at most %zu are allowed", field, count, max);
}

bool plan_is_clean(const char *path) {
  while (*path != '\0') {
    size_t length = strcspn(path, "/");
    if (length == 0 || (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.'))
      return false;
    path += length;
    if (*path == '/' && *++path == '\0') return false;
  }
  return true;
}

int plan_check_path(const char *path, const char *field, struct failure *failure) {
  if (strlen(path) >= PATH_MAX) return plan_refuse(failure, field, "is too long", path);
  if (path[0] != '/' || !plan_is_clean(path + 1)) return plan_refuse(failure, field, "is not a clean absolute path", path);
  return 0;
}

bool plan_has_only(const char *text, const char *more) {
  for (; *text != '\0'; text++) {
    bool plain = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
    if (!plain && strchr(more, *text) == NULL) return false;
  }
  return true;
}

int plan_check_relative(const char *path, const char *field, struct failure *failure) {
  bool good = path[0] != '\0' && strlen(path) <= FSCONFIG_VALUE_MAX && plan_has_only(path, "._-/") && plan_is_clean(path);
  return good ? 0 : plan_refuse(failure, field, "is not a clean relative path", path);
}

int plan_check_inside(const char *path, const char *field, struct failure *failure) {
  if (path[0] != '/' || strlen(path) >= PATH_MAX) return plan_refuse(failure, field, "is not an absolute path", path);
  for (const char *at = path; *at != '\0';) {
    at += strspn(at, "/");
    size_t length = strcspn(at, "/");
    if (length == 2 && at[0] == '.' && at[1] == '.') return plan_refuse(failure, field, "has a '..' in it", path);
    if (length > NAME_MAX) return plan_refuse(failure, field, "has a name that is too long", path);
    at += length;
  }
  return 0;
}

int plan_check_values(size_t count, file_value *const *values, const char *field, struct failure *failure) {
  if (plan_check_count(count, PLAN_LIST_MAX, field, failure) < 0) return -1;
  for (size_t i = 0; i < count; i++) {
    if (plan_check_relative(values[i]->path, field, failure) < 0) return -1;
  }
  return 0;
}
