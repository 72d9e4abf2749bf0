#include "copy_up.h"

int copy_up(int from, int to, struct failure *failure) {
  (void)from;
  (void)to;
  (void)failure;
  return 0;
}
