/* For tests: prints the serial number of the session keyring of the process, 0 when there is none. Static, to run in a
 * container. */
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  long serial = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
  printf("%ld\n", serial > 0 ? serial : 0);
  return 0;
}
