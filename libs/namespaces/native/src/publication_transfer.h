/* What a container publishes, handed to its keeper while it runs. */
#ifndef BERTH_PUBLICATION_TRANSFER_H
#define BERTH_PUBLICATION_TRANSFER_H

#include "failure.h"
#include "host.h"
#include "native.pb-c.h"
#include "publication.h"

/* As many descriptors as a message carries (SCM_MAX_FD of the kernel): the description of the ports, and what holds each of them. */
enum { TRANSFER_DESCRIPTORS_MAX = 253, TRANSFER_PORTS_MAX = TRANSFER_DESCRIPTORS_MAX - 1 };

/* Descriptors that a message brought. */
struct transfer {
  size_t count;
  int descriptors[TRANSFER_DESCRIPTORS_MAX];
};

/*
 * In the spawner's fork: has a container's keeper take back all that it publishes, then binds the ports of the message, if any, and hands them
 * over. Returns 0, or -1 with the failure, and then nothing is published: step "publish" as for a start, "setns" and ESRCH when the container
 * does not run.
 */
int publication_replace(const Berth__Native__V1__PublishContainer *plan, struct failure *failure);

/* In the keeper: publishes what a message brought besides what there is. Takes the descriptors. Returns 0, or -1 with the failure. */
int publication_take_over(struct publication *publication, struct transfer *transfer, struct failure *failure);

void transfer_close(struct transfer *transfer);

#endif
