/* The parts of the validation of plans, for the files that share it. Each is as the checks of plan.h. */
#ifndef BERTH_PLAN_PARTS_H
#define BERTH_PLAN_PARTS_H

#include <stdbool.h>

#include "plan.h"

/* The longest value that fsconfig(2) takes. */
#define FSCONFIG_VALUE_MAX 255

/* Fails with the name of a field, what is wrong with it, and its value. */
int plan_refuse(struct failure *failure, const char *field, const char *why, const char *value);
int plan_check_count(size_t count, size_t max, const char *field, struct failure *failure);

/* No component of the path is empty, "." or "..". */
bool plan_is_clean(const char *path);

/* Only letters, digits and the characters of `more`. */
bool plan_has_only(const char *text, const char *more);
int plan_check_relative(const char *path, const char *field, struct failure *failure);

/* A path in the container may hold empty and "." components, but never "..". */
int plan_check_inside(const char *path, const char *field, struct failure *failure);
int plan_check_values(size_t count, file_value *const *values, const char *field, struct failure *failure);

int plan_check_rootfs(const rootfs_plan *rootfs, struct failure *failure);

/* `join_count`: of the plan, whose joins a shared mount is of. */
int plan_check_mount(size_t join_count, const mount_plan *mount, struct failure *failure);

int plan_check_network(const container_plan *plan, struct failure *failure);

/* None is fine. */
int plan_check_publication(const publication_plan *publication, struct failure *failure);

/* What is published needs an interface on the bridge that it is published by. */
int plan_check_published_bridge(const container_plan *plan, struct failure *failure);

#endif
