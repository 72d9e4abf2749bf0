/*
 * Asks a name server over UDP as fast as it answers, always with so many questions under way: dns_load ADDRESS SECONDS WINDOW TYPE NAME.
 * Prints how many answers came each second, how long half of them and 99 of 100 took at most, in microseconds, and how many questions had
 * no answer for a second, or an answer without a record.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW_MAX = 1024, SAMPLES_MAX = 4 << 20, PACKET_MAX = 512, HEADER = 12, PATIENCE_MS = 1000 };

static double sent_at[WINDOW_MAX];
static float samples[SAMPLES_MAX];
static size_t answers, failures;

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* A query for one name (RFC 1035 §4.1), without its id. Returns its size. */
static size_t write_query(uint8_t packet[PACKET_MAX], const char *name, int type) {
  size_t at = HEADER;
  memset(packet, 0, PACKET_MAX);
  packet[2] = 1; /* recursion is desired */
  packet[5] = 1; /* one question */
  while (*name != '\0') {
    const size_t length = strcspn(name, ".");
    if (length == 0 || length > 63 || at + length > PACKET_MAX - 8) fail("a bad name");
    packet[at++] = (uint8_t)length;
    memcpy(packet + at, name, length);
    at += length;
    name += length + (name[length] == '.');
  }
  packet[at + 2] = (uint8_t)type;
  packet[at + 4] = 1; /* IN */
  return at + 5;
}

static void ask(int fd, uint8_t *query, size_t size, size_t slot) {
  query[0] = (uint8_t)(slot >> 8);
  query[1] = (uint8_t)slot;
  sent_at[slot] = now();
  if (send(fd, query, size, 0) != (ssize_t)size) fail("send");
}

/* The question that an answer is to; -1: none of ours. */
static long receive(int fd, size_t window) {
  uint8_t packet[PACKET_MAX];
  if (recv(fd, packet, sizeof packet, 0) < HEADER) return -1;
  const size_t slot = (size_t)packet[0] << 8 | packet[1];
  if (slot >= window) return -1;
  if ((packet[3] & 15) != 0 || (packet[6] | packet[7]) == 0) failures++;
  else if (answers < SAMPLES_MAX) samples[answers++] = (float)(now() - sent_at[slot]);
  return (long)slot;
}

static int by_size(const void *one, const void *other) {
  const float a = *(const float *)one;
  const float b = *(const float *)other;
  return (a > b) - (a < b);
}

int main(int count, char **arguments) {
  if (count != 6) return fputs("usage: dns_load ADDRESS SECONDS WINDOW TYPE NAME\n", stderr), 2;
  const double seconds = atof(arguments[2]);
  const size_t window = (size_t)atoi(arguments[3]);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
  uint8_t query[PACKET_MAX];
  const size_t size = write_query(query, arguments[5], atoi(arguments[4]));
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (window == 0 || window > WINDOW_MAX || inet_pton(AF_INET, arguments[1], &server.sin_addr) != 1) fail("arguments");
  if (fd < 0 || connect(fd, (const struct sockaddr *)&server, sizeof server) < 0) fail("connect");
  const double began = now();
  for (size_t slot = 0; slot < window; slot++) ask(fd, query, size, slot);
  while (now() < began + seconds * 1e6) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, PATIENCE_MS) == 0) {
      failures += window;
      for (size_t slot = 0; slot < window; slot++) ask(fd, query, size, slot);
      continue;
    }
    const long slot = receive(fd, window);
    if (slot >= 0) ask(fd, query, size, (size_t)slot);
  }
  const double taken = (now() - began) / 1e6;
  if (answers == 0) return fprintf(stderr, "no answer, %zu failures\n", failures), 1;
  qsort(samples, answers, sizeof samples[0], by_size);
  printf("%.0f %.0f %.0f %zu\n", (double)answers / taken, (double)samples[answers / 2], (double)samples[answers * 99 / 100], failures);
  return 0;
}
