#include "request.h"
#include "tap.h"

#include <string.h>

static struct request request;
static char bytes[REQUEST_MAX + 1];

static ssize_t parse(const char *text, size_t length) {
  memcpy(bytes, text, length);
  return request_parse(bytes, length, &request);
}

int main(void) {
  check(parse("7\0unpack\0--layer\0f\0\0", 20) == 20, "a whole request is taken");
  check(strcmp(request.id, "7") == 0 && request.count == 4, "with its id and its arguments");
  check(strcmp(request.arguments[1], "unpack") == 0 && strcmp(request.arguments[3], "f") == 0 && !request.arguments[4],
        "in their order, and NULL at the end");
  check(parse("7\0cancel\0\0"
              "8\0sync",
              16) == 10,
        "what follows is left for later");
  check(parse("7\0unpack\0", 9) == 0 && parse("7\0unp", 5) == 0 && parse("", 0) == 0, "a part of one is not complete");
  check(parse("7\0\0", 3) < 0, "one without arguments is refused");
  check(parse("\0", 1) < 0, "one without an id is refused");
  check(parse("x\0a\0\0", 5) < 0 && parse("12345678901234567890\0a\0\0", 24) < 0, "an id that is no number is refused");
  memset(bytes, 'a', sizeof(bytes));
  check(request_parse(bytes, REQUEST_MAX, &request) < 0, "one that is too long is refused");
  bytes[0] = '1';
  for (size_t i = 1; i < 200; i++) bytes[i] = i % 2 ? '\0' : 'a';
  check(request_parse(bytes, 200, &request) < 0, "one with too many arguments is refused");
  return done();
}
