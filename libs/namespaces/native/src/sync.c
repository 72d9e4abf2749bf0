#include "sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
  char buffer[CMSG_SPACE(sizeof(int))];
  struct cmsghdr align;
};

static void attach_fd(struct msghdr *header, union control *control, int fd) {
  header->msg_control = control->buffer;
  header->msg_controllen = sizeof control->buffer;
  struct cmsghdr *part = CMSG_FIRSTHDR(header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(part), &fd, sizeof fd);
}

int sync_send(int sync, const struct sync_message *message, int fd) {
  struct iovec part = {.iov_base = (void *)message, .iov_len = sizeof *message};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  union control control = {0};
  if (fd >= 0) attach_fd(&header, &control, fd);
  return sendmsg(sync, &header, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Returns the size of the message, 0 at the end, or -1 with errno; *fd is the descriptor that came with it, or -1. */
static ssize_t receive(int sync, struct iovec *part, int *fd) {
  union control control = {0};
  struct msghdr header = {
      .msg_iov = part, .msg_iovlen = 1, .msg_control = control.buffer, .msg_controllen = sizeof control.buffer};
  ssize_t size;
  do {
    size = recvmsg(sync, &header, MSG_CMSG_CLOEXEC);
    /* A peer that ended without taking what it was sent is told once, before what it has sent itself. */
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  *fd = -1;
  if (size <= 0) return size;
  struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
  if (rights != NULL && rights->cmsg_type == SCM_RIGHTS) memcpy(fd, CMSG_DATA(rights), sizeof *fd);
  return size;
}

int sync_receive(int sync, struct sync_message *message, int *fd) {
  struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
  ssize_t size = receive(sync, &part, fd);
  if (size <= 0) return (int)size;
  if (size != (ssize_t)sizeof *message) {
    errno = EPROTO;
    return -1;
  }
  return 1;
}

/* A peer that is gone is EPIPE, whether it took what was sent before or not. */
static int result_of(ssize_t sent) {
  if (sent < 0 && errno == ECONNRESET) errno = EPIPE;
  return sent == 1 ? 0 : -1;
}

int sync_hand_over(int sync, int fd) {
  struct iovec part = {.iov_base = (char[1]){'f'}, .iov_len = 1};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  union control control = {0};
  attach_fd(&header, &control, fd);
  return result_of(sendmsg(sync, &header, MSG_NOSIGNAL));
}

int sync_take_over(int sync) {
  char byte;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  int fd = -1;
  ssize_t size = receive(sync, &part, &fd);
  if (size < 0) return -1;
  if (fd < 0) errno = size == 0 ? EOWNERDEAD : EPROTO;
  return fd;
}

int sync_go(int sync) { return result_of(send(sync, "g", 1, MSG_NOSIGNAL)); }

int sync_wait_go(int sync) {
  char go;
  ssize_t size;
  do {
    size = recv(sync, &go, 1, 0);
  } while (size < 0 && errno == EINTR);
  if (size == 1) return 0;
  if (size == 0) errno = EOWNERDEAD;
  return -1;
}
