#include "session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clean_up.h"
#include "connect.h"
#include "holder.h"
#include "network.h"
#include "nftables.h"
#include "parent.h"
#include "publication.h"
#include "publication_transfer.h"
#include "start.h"
#include "update.h"
#include "wire.h"

#define REQUEST_SECONDS_MAX 10

static void answer(int connection, int result, const struct failure *failure) {
  if (result < 0) {
    wire_send_failure(connection, failure);
  } else {
    (void)wire_send_done(connection, 0);
  }
}

static void answer_network(int connection, const Berth__Native__V1__InspectNetwork *network) {
  struct failure failure = {0};
  struct nftables_state found;
  Berth__Native__V1__NetworkState state = BERTH__NATIVE__V1__NETWORK_STATE__INIT;
  if (nftables_inspect(network->table, &found, &failure) < 0) {
    wire_send_failure(connection, &failure);
    return;
  }
  state.table_handle = found.handle;
  state.ipv6_table_handle = found.ipv6_handle;
  state.rules = found.rules;
  reply_message reply = BERTH__NATIVE__V1__REPLY__INIT;
  reply.reply_case = BERTH__NATIVE__V1__REPLY__REPLY_NETWORK_STATE;
  reply.network_state = &state;
  (void)wire_send_reply(connection, &reply);
}

static void answer_ping(int connection, const struct host *host) {
  Berth__Native__V1__Pong pong = BERTH__NATIVE__V1__PONG__INIT;
  pong.version = (char *)BERTH_VERSION;
  pong.pid = (uint32_t)host->spawner_pid;
  reply_message reply = BERTH__NATIVE__V1__REPLY__INIT;
  reply.reply_case = BERTH__NATIVE__V1__REPLY__REPLY_PONG;
  reply.pong = &pong;
  (void)wire_send_reply(connection, &reply);
}

static int ensure_network(const Berth__Native__V1__EnsureNetwork *network, struct failure *failure) {
  return network_ensure(network, failure) < 0 ? -1 : publication_restore(network, failure);
}

static void serve(int connection, const request_message *request, struct arena *arena, struct host *host) {
  struct failure failure = {0};
  /* Only a start has a use for it, and an exec stays. */
  if (request->request_case != BERTH__NATIVE__V1__REQUEST__REQUEST_START_CONTAINER) spare_network_discard(&host->spare);
  switch (request->request_case) {
    case BERTH__NATIVE__V1__REQUEST__REQUEST_START_CONTAINER:
      start_container(connection, request->start_container, arena, host);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_START_EXEC:
      start_exec(connection, request->start_exec, arena, host);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_ENSURE_NETWORK:
      answer(connection, ensure_network(request->ensure_network, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_INSPECT_NETWORK:
      answer_network(connection, request->inspect_network);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_REMOVE_NETWORK:
      answer(connection, clean_up_engine(request->remove_network, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_CLEAN_UP_CONTAINER:
      answer(connection, clean_up_container(request->clean_up_container, host, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_UPDATE_CGROUP:
      answer(connection, update_cgroup(request->update_cgroup, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_MOUNT_CONTAINER:
      hold_container(connection, request->mount_container, host);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_ENSURE_BRIDGE:
      answer(connection, network_ensure_bridge(request->ensure_bridge, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_REMOVE_BRIDGE:
      answer(connection, network_remove_bridge(request->remove_bridge, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_ENSURE_PARENT:
      answer(connection, parent_ensure(request->ensure_parent, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_CONNECT_CONTAINER:
      answer(connection, connect_container(request->connect_container, host, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_DISCONNECT_CONTAINER:
      answer(connection, disconnect_container(request->disconnect_container, host, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_PUBLISH_CONTAINER:
      answer(connection, publication_replace(request->publish_container, &failure), &failure);
      break;
    case BERTH__NATIVE__V1__REQUEST__REQUEST_PING:
      answer_ping(connection, host);
      break;
    default:
      (void)fail(&failure, "plan", EINVAL, "this request is not known here");
      answer(connection, -1, &failure);
  }
}

void session_serve_trusted(int connection, struct host *host) {
  struct arena arena = {0};
  struct failure failure = {0};
  const struct timeval patience = {.tv_sec = REQUEST_SECONDS_MAX};
  (void)setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  (void)setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (arena_open(&arena, REQUEST_ARENA_SIZE) < 0) {
    (void)fail(&failure, "plan", errno, "reserve memory");
    wire_send_failure(connection, &failure);
    return;
  }
  const request_message *request = wire_receive_request(connection, &arena, &failure);
  if (request == NULL) {
    wire_send_failure(connection, &failure);
  } else {
    serve(connection, request, &arena, host);
  }
  arena_close(&arena);
}

void session_serve(int connection, struct host *host) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid()) {
    struct failure failure;
    (void)fail(&failure, "plan", EACCES, "only root may ask");
    wire_send_failure(connection, &failure);
    return;
  }
  session_serve_trusted(connection, host);
}
