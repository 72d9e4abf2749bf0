#include "report.h"
#include "tap.h"

#include <string.h>

static bool quotes(const char *text, size_t size, const char *expected) {
  char buffer[64];

  memset(buffer, '#', sizeof(buffer));
  return json_quote(text, buffer, size) == strlen(expected) && strcmp(buffer, expected) == 0;
}

int main(void) {
  check(quotes("plain", 64, "\"plain\""), "plain text is quoted");
  check(quotes("a\"b\\c", 64, "\"a\\\"b\\\\c\""), "quotes and backslashes are escaped");
  check(quotes("a\nb", 64, "\"a\\u000ab\""), "a newline cannot break the line");
  check(quotes("\xc3\xa4", 64, "\"\\u00c3\\u00a4\""), "bytes beyond ASCII are escaped one by one");
  check(quotes("abcdefghij", 12, "\"abcd\""), "text that does not fit is cut");
  check(quotes("", 3, "\"\""), "no text is an empty string");
  return done();
}
