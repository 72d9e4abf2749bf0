/* peer tcp|udp|sctp serve PORT: sends back what comes. peer tcp|udp|sctp ask ADDRESS PORT TEXT: prints what comes back; fails when nothing does within two seconds. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int refuse(const char *what) {
  perror(what);
  return 1;
}

static int serve(int fd, int type, const struct sockaddr_in *address) {
  if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) return refuse("bind");
  if (type == SOCK_STREAM && listen(fd, 8) < 0) return refuse("listen");
  for (;;) {
    struct sockaddr_in client;
    socklen_t length = sizeof(client);
    bool stream = type == SOCK_STREAM;
    char text[256];
    int connection = stream ? accept(fd, NULL, NULL) : fd;
    ssize_t size = recvfrom(connection, text, sizeof(text), 0, (struct sockaddr *)&client, &length);

    /* Of a connection the other end is known, and SCTP does not want to hear it again. */
    if (size > 0 && sendto(connection, text, (size_t)size, 0, stream ? NULL : (struct sockaddr *)&client, stream ? 0 : length) < 0)
      perror("send");
    if (stream) (void)close(connection);
  }
}

static int ask(int fd, const struct sockaddr_in *address, const char *question) {
  struct timeval patience = {.tv_sec = 2};
  char text[256];
  ssize_t size;

  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) return refuse("setsockopt");
  if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) return refuse("connect");
  if (send(fd, question, strlen(question), 0) < 0) return refuse("send");
  size = recv(fd, text, sizeof(text), 0);
  if (size <= 0) return refuse("recv");
  return write(STDOUT_FILENO, text, (size_t)size) == size ? 0 : 1;
}

int main(int count, char **arguments) {
  const char *protocol = count > 3 ? arguments[1] : "";
  int type = strcmp(protocol, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
  int fd = socket(AF_INET, type, strcmp(protocol, "sctp") == 0 ? IPPROTO_SCTP : 0);
  struct sockaddr_in address = {.sin_family = AF_INET};

  if (fd < 0) return refuse("socket");
  if (count == 4 && strcmp(arguments[2], "serve") == 0) {
    address.sin_port = htons((uint16_t)atoi(arguments[3]));
    return serve(fd, type, &address);
  }
  if (count != 6 || strcmp(arguments[2], "ask") != 0 || inet_pton(AF_INET, arguments[3], &address.sin_addr) != 1) return 2;
  address.sin_port = htons((uint16_t)atoi(arguments[4]));
  return ask(fd, &address, arguments[5]);
}
