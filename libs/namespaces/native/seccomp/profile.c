#include "profile.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A position in one line. */
struct cursor {
  const char *at;
  const char *end;
  struct profile_error *error;
};

struct word {
  const char *text;
  size_t size;
};

static const struct {
  const char *name;
  uint32_t number;
} errnos[] = {{"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EACCES", EACCES}, {"EINVAL", EINVAL}, {"EAFNOSUPPORT", EAFNOSUPPORT}};

__attribute__((format(printf, 2, 3))) static int refuse(struct cursor *cursor, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(cursor->error->message, sizeof(cursor->error->message), format, arguments);
  va_end(arguments);
  return -1;
}

/* The next word, of size 0 at the end of the line. */
static struct word peek(struct cursor *cursor) {
  while (cursor->at < cursor->end && isspace((unsigned char)*cursor->at))
    cursor->at++;
  const char *end = cursor->at;
  while (end < cursor->end && !isspace((unsigned char)*end))
    end++;
  return (struct word){cursor->at, (size_t)(end - cursor->at)};
}

static struct word next(struct cursor *cursor) {
  struct word word = peek(cursor);
  cursor->at += word.size;
  return word;
}

static bool is(struct word word, const char *text) {
  return word.size == strlen(text) && memcmp(word.text, text, word.size) == 0;
}

static int refuse_word(struct cursor *cursor, const char *expected, struct word word) {
  return refuse(cursor, "expected %s, found \"%.*s\"", expected, (int)(word.size > 40 ? 40 : word.size), word.text);
}

static int parse_number(struct cursor *cursor, uint64_t *number) {
  struct word word = next(cursor);
  char text[24];
  if (word.size == 0 || word.size >= sizeof(text) || !isdigit((unsigned char)word.text[0]))
    return refuse_word(cursor, "a number", word);
  memcpy(text, word.text, word.size);
  text[word.size] = '\0';
  char *end;
  errno = 0;
  *number = strtoull(text, &end, 0);
  return errno == 0 && *end == '\0' ? 0 : refuse_word(cursor, "a number", word);
}

static int parse_errno(struct cursor *cursor, uint32_t *action) {
  struct word word = next(cursor);
  for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
    if (is(word, errnos[i].name)) {
      *action = SECCOMP_RET_ERRNO | errnos[i].number;
      return 0;
    }
  return refuse_word(cursor, "the name of an errno", word);
}

/* `argN [& MASK] (==|!=) VALUE` */
static int parse_condition(struct cursor *cursor, struct condition *condition) {
  struct word argument = next(cursor);
  if (argument.size != 4 || memcmp(argument.text, "arg", 3) != 0 || argument.text[3] < '0' || argument.text[3] > '5')
    return refuse_word(cursor, "arg0 to arg5", argument);
  condition->argument = (unsigned int)(argument.text[3] - '0');
  condition->mask = UINT64_MAX;
  if (is(peek(cursor), "&")) {
    next(cursor);
    if (parse_number(cursor, &condition->mask) < 0) return -1;
  }
  struct word operator= next(cursor);
  if (!is(operator, "==") && !is(operator, "!=")) return refuse_word(cursor, "== or !=", operator);
  condition->equal = is(operator, "==");
  if (parse_number(cursor, &condition->value) < 0) return -1;
  if (condition->value & ~condition->mask) return refuse(cursor, "the value has bits outside the mask");
  return 0;
}

static int parse_conditions(struct cursor *cursor, struct rule *rule) {
  do {
    if (rule->condition_count == PROFILE_CONDITIONS) return refuse(cursor, "more than %d conditions", PROFILE_CONDITIONS);
    if (parse_condition(cursor, &rule->conditions[rule->condition_count++]) < 0) return -1;
  } while (is(next(cursor), "and"));
  return peek(cursor).size == 0 ? 0 : refuse_word(cursor, "the end of the line", peek(cursor));
}

static int add_name(struct cursor *cursor, struct profile *profile, const struct rule *template, struct word name) {
  if (name.size >= PROFILE_NAME_SIZE) return refuse_word(cursor, "a system call's name", name);
  for (size_t i = 0; i < name.size; i++)
    if (!islower((unsigned char)name.text[i]) && !isdigit((unsigned char)name.text[i]) && name.text[i] != '_')
      return refuse_word(cursor, "a system call's name", name);
  if (profile->rule_count == PROFILE_RULES) return refuse(cursor, "more than %d rules", PROFILE_RULES);
  struct rule *rule = &profile->rules[profile->rule_count++];
  *rule = *template;
  memcpy(rule->name, name.text, name.size);
  rule->name[name.size] = '\0';
  return 0;
}

/* `NAME... [if CONDITION [and CONDITION]...]` */
static int parse_rule(struct cursor *cursor, struct profile *profile, uint32_t action) {
  struct rule template = {.action = action};
  size_t first = profile->rule_count;
  struct word name = next(cursor);
  for (; name.size > 0 && !is(name, "if"); name = next(cursor))
    if (add_name(cursor, profile, &template, name) < 0) return -1;
  if (profile->rule_count == first) return refuse_word(cursor, "a system call's name", name);
  if (name.size == 0) return 0;
  if (parse_conditions(cursor, &template) < 0) return -1;
  for (size_t i = first; i < profile->rule_count; i++) {
    profile->rules[i].condition_count = template.condition_count;
    memcpy(profile->rules[i].conditions, template.conditions, sizeof(template.conditions));
  }
  return 0;
}

static int parse_action_line(struct cursor *cursor, uint32_t *action) {
  struct word word = next(cursor);
  if (!is(word, "errno")) return refuse_word(cursor, "errno", word);
  if (parse_errno(cursor, action) < 0) return -1;
  return peek(cursor).size == 0 ? 0 : refuse_word(cursor, "the end of the line", peek(cursor));
}

static int parse_line(struct cursor *cursor, struct profile *profile) {
  struct word verb = next(cursor);
  uint32_t action = SECCOMP_RET_ALLOW;
  if (verb.size == 0) return 0;
  if (is(verb, "default")) return parse_action_line(cursor, &profile->default_action);
  if (is(verb, "unknown")) return parse_action_line(cursor, &profile->unknown_action);
  if (is(verb, "errno") && parse_errno(cursor, &action) < 0) return -1;
  if (is(verb, "allow") || is(verb, "errno")) return parse_rule(cursor, profile, action);
  return refuse_word(cursor, "default, unknown, allow or errno", verb);
}

int profile_parse(const char *text, size_t size, struct profile *profile, struct profile_error *error) {
  const char *end = text + size;
  profile->default_action = profile->unknown_action = SECCOMP_RET_ERRNO | EPERM;
  profile->rule_count = 0;
  *error = (struct profile_error){0};
  for (const char *line = text; line < end;) {
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    const char *stop = newline ? newline : end;
    const char *comment = memchr(line, '#', (size_t)(stop - line));
    struct cursor cursor = {line, comment ? comment : stop, error};
    error->line++;
    if (parse_line(&cursor, profile) < 0) return -1;
    line = stop + 1;
  }
  return 0;
}
