/* Reads bytes as a request, and checks the plan in it. */
#include "../src/plan.c"
#include "../src/plan_mounts.c"
#include "../src/plan_network.c"
#include "../src/plan_values.c"
#include "../src/published_address.c"

#include "../src/child.c"
#include "../src/failure.c"
#include "../src/ip_address.c"
#include "../src/kinds.c"
#include "../src/link.c"
#include "../src/netlink.c"
#include "native.pb-c.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct failure failure;
  request_message *request = berth__native__v1__request__unpack(NULL, size, data);
  if (request == NULL) return 0;
  if (request->request_case == BERTH__NATIVE__V1__REQUEST__REQUEST_START_CONTAINER)
    (void)plan_check_container(request->start_container, &failure);
  if (request->request_case == BERTH__NATIVE__V1__REQUEST__REQUEST_START_EXEC)
    (void)plan_check_exec(request->start_exec, &failure);
  if (request->request_case == BERTH__NATIVE__V1__REQUEST__REQUEST_CLEAN_UP_CONTAINER) {
    (void)plan_check_clean_up(request->clean_up_container, &failure);
  }
  (void)plan_check_following_root(request, &failure);
  berth__native__v1__request__free_unpacked(request, NULL);
  return 0;
}
