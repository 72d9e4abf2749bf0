/* berth-seccomp: turns a seccomp profile into the array of struct sock_filter that the kernel loads, or prints the tables of
 * system calls as JSON. Runs when Berth is built. */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/ipc.h>
#include <linux/net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile.h"

enum { PROFILE_FILE_SIZE = 1 << 20 };

static int usage(void) {
  fputs("usage: berth-seccomp [--arch x86_64|aarch64] PROFILE OUTPUT\n       berth-seccomp --tables\n", stderr);
  return 2;
}

static int read_profile(const char *path, struct profile *profile) {
  static char text[PROFILE_FILE_SIZE];
  FILE *file = fopen(path, "re");
  if (!file) {
    perror(path);
    return -1;
  }
  size_t size = fread(text, 1, sizeof(text), file);
  bool whole = feof(file) != 0;
  fclose(file);
  if (!whole) {
    fprintf(stderr, "%s: cannot read it, or it is larger than %d bytes\n", path, PROFILE_FILE_SIZE);
    return -1;
  }
  struct profile_error error;
  if (profile_parse(text, size, profile, &error) < 0) {
    fprintf(stderr, "%s:%u: %s\n", path, error.line, error.message);
    return -1;
  }
  const struct rule *unknown = compile_find_unknown(profile);
  if (unknown) fprintf(stderr, "%s: no architecture has a system call \"%s\"\n", path, unknown->name);
  return unknown ? -1 : 0;
}

/* Through a temporary name: a build that is interrupted leaves no half of a filter. */
static int write_program(const char *path, const struct sock_filter *instructions, size_t count) {
  char temporary[4096];
  if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary)) {
    fprintf(stderr, "%s: the name is too long\n", path);
    return -1;
  }
  FILE *file = fopen(temporary, "we");
  bool written = file && fwrite(instructions, sizeof(instructions[0]), count, file) == count;
  bool closed = file && fclose(file) == 0;
  if (written && closed && rename(temporary, path) == 0) return 0;
  perror(path);
  unlink(temporary);
  return -1;
}

struct numbered_call {
  const char *name;
  int number;
};

/* What 32-bit x86 programs reach through the first argument of socketcall(2) and ipc(2), too. */
static const struct numbered_call socket_calls[] = {
    {"socket", SYS_SOCKET},           {"bind", SYS_BIND},
    {"connect", SYS_CONNECT},         {"listen", SYS_LISTEN},
    {"accept", SYS_ACCEPT},           {"getsockname", SYS_GETSOCKNAME},
    {"getpeername", SYS_GETPEERNAME}, {"socketpair", SYS_SOCKETPAIR},
    {"send", SYS_SEND},               {"recv", SYS_RECV},
    {"sendto", SYS_SENDTO},           {"recvfrom", SYS_RECVFROM},
    {"shutdown", SYS_SHUTDOWN},       {"setsockopt", SYS_SETSOCKOPT},
    {"getsockopt", SYS_GETSOCKOPT},   {"sendmsg", SYS_SENDMSG},
    {"recvmsg", SYS_RECVMSG},         {"accept4", SYS_ACCEPT4},
    {"recvmmsg", SYS_RECVMMSG},       {"sendmmsg", SYS_SENDMMSG},
};
static const struct numbered_call ipc_calls[] = {
    {"semop", SEMOP},   {"semget", SEMGET}, {"semctl", SEMCTL}, {"semtimedop", SEMTIMEDOP},
    {"msgsnd", MSGSND}, {"msgrcv", MSGRCV}, {"msgget", MSGGET}, {"msgctl", MSGCTL},
    {"shmat", SHMAT},   {"shmdt", SHMDT},   {"shmget", SHMGET}, {"shmctl", SHMCTL},
};

static void print_calls(const char *name, const struct numbered_call *calls, size_t count) {
  printf("\"%s\":{", name);
  for (size_t i = 0; i < count; i++)
    printf("%s\"%s\":%d", i == 0 ? "" : ",", calls[i].name, calls[i].number);
  printf("}");
}

static void print_multiplexed(void) {
  printf("},\n\"x86Multiplexed\":{");
  print_calls("socketcall", socket_calls, sizeof(socket_calls) / sizeof(socket_calls[0]));
  printf(",");
  print_calls("ipc", ipc_calls, sizeof(ipc_calls) / sizeof(ipc_calls[0]));
  puts("}}");
}

/* {"x86_64":{"read":0,...},...,"x86Multiplexed":{"socketcall":{"socket":1,...},...}}, x32's numbers without X32_BIT. */
static int print_tables(void) {
  static const char *const names[] = {"x86_64", "x86", "x32", "aarch64", "arm"};
  char buffer[PROFILE_NAME_SIZE];
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    const struct architecture *architecture = architecture_by_name(names[i], strlen(names[i]));
    const char *separator = "";
    printf("%s\"%s\":{", i == 0 ? "{" : "},\n", names[i]);
    for (uint32_t index = 0; index < ARCHITECTURE_CALLS; index++) {
      uint32_t number = architecture_call_number(index);
      const char *call = architecture_call_name(architecture, number, buffer);
      if (!call) continue;
      printf("%s\"%s\":%u", separator, call, number);
      separator = ",";
    }
  }
  print_multiplexed();
  return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  static struct profile profile;
  static struct sock_filter instructions[PROGRAM_SIZE];
#ifdef __aarch64__
  const char *name = "aarch64";
#else
  const char *name = "x86_64";
#endif
  if (argc == 2 && strcmp(argv[1], "--tables") == 0) return print_tables();
  int first = 1;
  if (argc > 2 && strcmp(argv[1], "--arch") == 0) {
    name = argv[2];
    first = 3;
  }
  const struct architecture *native = architecture_by_name(name, strlen(name));
  if (argc - first != 2 || !native || (native->audit != AUDIT_ARCH_X86_64 && native->audit != AUDIT_ARCH_AARCH64)) return usage();
  if (read_profile(argv[first], &profile) < 0) return 1;
  size_t count = compile(&profile, native, instructions);
  if (count == 0) {
    fprintf(stderr, "%s: the filter is longer than the kernel takes\n", argv[first]);
    return 1;
  }
  return write_program(argv[first + 1], instructions, count) < 0 ? 1 : 0;
}
