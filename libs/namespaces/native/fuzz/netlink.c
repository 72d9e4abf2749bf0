/* The search in netlink messages, fed with any bytes. */
#include "../src/netlink.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  _Alignas(NLMSG_ALIGNTO) char bytes[4096];
  struct nlmsghdr *message = (void *)bytes;
  size = size < sizeof bytes ? size : sizeof bytes;
  if (size < sizeof *message) return 0;
  memcpy(bytes, data, size);
  message->nlmsg_len = (uint32_t)size;
  const struct nlattr *outer = netlink_find(message, 16, 18);
  if (outer) (void)netlink_is_string(netlink_find_nested(outer, 1), "veth");
  (void)netlink_is_string(netlink_find(message, 16, 3), "eth0");
  struct netlink_refusal refusal = {0};
  struct netlink_batch batch = {.count = 1, .purposes = {"fuzz"}};
  struct reception reception = {&batch, NULL, NULL, &refusal, false};
  message->nlmsg_type = NLMSG_ERROR;
  receive_message(&reception, message);
  return 0;
}
