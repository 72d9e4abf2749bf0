/* One request on one connection, from its first byte to its end. */
#ifndef BERTH_SESSION_H
#define BERTH_SESSION_H

#include "host.h"
#include "plan.h"

/* Reads a request from the connection and serves it; for a start this takes as long as the process lives. */
void session_serve(int connection, struct host *host);

/* Reads a request and serves it, for a peer that need not be asked who it is. */
void session_serve_trusted(int connection, struct host *host);

#endif
