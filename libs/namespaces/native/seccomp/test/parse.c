/* The profile parser: what it takes, and the line and the reason when it refuses. */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "profile.h"
#include "tap.h"

static struct profile profile;
static struct profile_error error;

static int parse(const char *text) {
  return profile_parse(text, strlen(text), &profile, &error);
}

static bool refused(const char *text, unsigned int line, const char *reason) {
  return parse(text) == -1 && error.line == line && strstr(error.message, reason);
}

int main(void) {
  check(parse("") == 0 && profile.rule_count == 0, "an empty profile has no rules");
  check(parse("# only a comment\n\n  \n") == 0 && profile.rule_count == 0, "comments and blank lines are no rules");
  check(parse("default errno EPERM\nunknown errno ENOSYS") == 0 && profile.default_action == (SECCOMP_RET_ERRNO | EPERM) &&
            profile.unknown_action == (SECCOMP_RET_ERRNO | ENOSYS),
        "the default and the unknown action are read");
  check(parse("allow read write # and a comment\nerrno EACCES kexec_load\n") == 0 && profile.rule_count == 3 &&
            profile.rules[0].action == SECCOMP_RET_ALLOW && strcmp(profile.rules[1].name, "write") == 0 &&
            profile.rules[2].action == (SECCOMP_RET_ERRNO | EACCES),
        "a line gives one rule for each name");
  check(parse("allow socket if arg0 & 0xffffffff != 38 and arg2 == 9") == 0 && profile.rules[0].condition_count == 2 &&
            !profile.rules[0].conditions[0].equal && profile.rules[0].conditions[0].mask == 0xffffffff &&
            profile.rules[0].conditions[0].value == 38 && profile.rules[0].conditions[1].equal &&
            profile.rules[0].conditions[1].argument == 2 && profile.rules[0].conditions[1].mask == UINT64_MAX,
        "conditions are read");
  check(parse("allow read write if arg0 == 1") == 0 && profile.rules[0].condition_count == 1 &&
            profile.rules[1].condition_count == 1,
        "a condition is one of every name of the line");
  check(refused("\nkill read", 2, "found \"kill\""), "an unknown verb is refused with its line");
  check(refused("allow", 1, "a system call's name"), "a rule without a name is refused");
  check(refused("allow Read", 1, "found \"Read\""), "a name that is no system call's is refused");
  check(refused("errno EFOO read", 1, "name of an errno"), "an unknown errno is refused");
  check(refused("default allow", 1, "expected errno"), "a default that allows is refused");
  check(refused("default errno EPERM read", 1, "end of the line"), "rubbish behind the default is refused");
  check(refused("allow read if", 1, "arg0 to arg5"), "an empty condition is refused");
  check(refused("allow read if arg6 == 1", 1, "found \"arg6\""), "a seventh argument is refused");
  check(refused("allow read if arg0 < 1", 1, "== or !="), "an unknown comparison is refused");
  check(refused("allow read if arg0 == 1x", 1, "a number"), "a bad number is refused");
  check(refused("allow read if arg0 == 99999999999999999999", 1, "a number"), "too large a number is refused");
  check(refused("allow read if arg0 & 0xf == 0x10", 1, "outside the mask"), "a condition that cannot hold is refused");
  check(refused("allow read if arg0 == 1 arg1 == 1", 1, "end of the line"), "conditions without `and` are refused");
  check(refused("allow r if arg0 == 1 and arg0 == 1 and arg0 == 1 and arg0 == 1 and arg0 == 1", 1, "more than 4"),
        "a fifth condition is refused");
  check(refused("allow an_extremely_long_name_that_no_system_call_will_ever_have", 1, "name"), "a long name is refused");
  return done();
}
