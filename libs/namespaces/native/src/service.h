/* The event loop of a keeper: one process, its streams, and the clients that are attached to it. */
#ifndef BERTH_SERVICE_H
#define BERTH_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "keeper.h"

#define CLIENTS_MAX 32

enum source { SOURCE_PROCESS, SOURCE_CONTROL, SOURCE_INPUT, SOURCE_OUTPUT, SOURCE_ERROR, SOURCE_CLIENT };

struct service {
  struct keeper *keeper;
  int epoll;
  bool exited;
  bool paused; /* the output waits for the first client */
  struct client clients[CLIENTS_MAX];
};

/* Serves until the process has ended and its clients know, with `connection` as the first attached one (-1: none). Then
 * cleans up. */
void service_run(struct keeper *keeper, int connection);

/* Watching descriptors. */
void service_watch(const struct service *service, int fd, enum source source, uint32_t index, uint32_t events);
void service_unwatch(const struct service *service, int fd);
void service_watch_client(const struct service *service, const struct client *client);

/* Output: reads one chunk, writes it to the log, sends it to the clients. Returns its size, 0 for nothing now, -1 at
 * the end. */
ssize_t service_pump(struct service *service, int *fd, enum frame_type type);

/* Output: what is left after the process has ended. Closes both streams. */
void service_drain(struct service *service);

/* Output: sends no more of it to a client, which is told from where in the log on it lacks it. Drops one for which there is
 * no log, and one that takes nothing. */
void service_stop_output(struct service *service, struct client *client, const struct log_position *from);

/* Output: sends it again, and tells from where in the log on. */
void service_resume_output(struct service *service, struct client *client);

/* Output: tells a client whose output was stopped where it ends. False: it must be dropped. */
bool service_send_end_of_output(struct service *service, struct client *client);

/* Output: stops or continues to read it, as the first client's backlog wants. */
void service_update_pause(struct service *service);

/* Clients. */
void service_accept(struct service *service);
void service_read_client(struct service *service, struct client *client);
void service_drop_client(struct service *service, struct client *client);
void service_resume_input(struct service *service);
void service_send_exited(struct service *service, struct client *client);

#endif
