#include "ipv6_settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

#define CONF "/proc/sys/net/ipv6/conf"

/* The first character of a value, which is a small number. Returns -1 and errno when there is none. */
static int read_setting(const char *interface, const char *key) {
  char path[PATH_MAX];
  char value;
  (void)snprintf(path, sizeof path, CONF "/%s/%s", interface, key);
  cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && read(fd, &value, 1) == 1 ? value : -1;
}

static int write_setting(const char *interface, const char *key, const char *value, struct failure *failure) {
  char path[PATH_MAX];
  (void)snprintf(path, sizeof path, CONF "/%s/%s", interface, key);
  cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, value, strlen(value)) > 0) return 0;
  return fail(failure, "network", errno, "write %s", path);
}

/* What is off in a kernel without IPv6 is as it is to be. */
static int switch_ipv6(const char *interface, bool enabled, struct failure *failure) {
  if (write_setting(interface, "disable_ipv6", enabled ? "0" : "1", failure) == 0) return 0;
  if (failure->error != ENOENT) return -1;
  return enabled ? fail(failure, "network", EAFNOSUPPORT, "this host has no IPv6") : 0;
}

int ipv6_settings_for_new(bool enabled, struct failure *failure) {
  return switch_ipv6("default", enabled, failure);
}

int ipv6_settings_for_bridge(const char *bridge, bool enabled, struct failure *failure) {
  if (enabled && write_setting(bridge, "accept_ra", "0", failure) < 0 && failure->error != ENOENT) return -1;
  return switch_ipv6(bridge, enabled, failure);
}

int ipv6_settings_forward(struct failure *failure) {
  if (read_setting("all", "forwarding") == '1') return 0;
  cleanup_closedir DIR *interfaces = opendir(CONF);
  if (!interfaces) return fail(failure, "network", errno == ENOENT ? EAFNOSUPPORT : errno, "this host has no IPv6");
  for (const struct dirent *entry; (entry = readdir(interfaces)) != NULL;) {
    const char *name = entry->d_name;
    if (name[0] == '.' || strcmp(name, "all") == 0) continue;
    if (read_setting(name, "forwarding") != '0' || read_setting(name, "accept_ra") != '1') continue;
    /* One that goes meanwhile is no concern. */
    if (write_setting(name, "accept_ra", "2", failure) < 0 && failure->error != ENOENT) return -1;
  }
  return write_setting("all", "forwarding", "1", failure);
}
