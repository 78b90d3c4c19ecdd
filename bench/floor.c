/* floor.c: what a lookup costs when nothing is done but moving its two packets: the floor under every DNS client.
 *
 *   floor FORM NAMES HOST PORT [SERVERS] [WINDOW]      FORM: udp, gso, one, tcp, latency
 *
 * Asks for the A record of every line of the file NAMES, WINDOW (512) at once, and counts answers. It checks nothing of
 * an answer but its ID, which finds the query, so that a lost one is asked again. SERVERS (1) have consecutive IPv4
 * addresses from HOST on; more than one are asked in turn, through unconnected sockets. udp: sendmmsg and recvmmsg, 64
 * at once; gso: runs of equal length leave as one packet that the kernel cuts (UDP_SEGMENT); one: send and recv; tcp:
 * pipelined over 4 connections (RFC 7766), WINDOW on each. latency: sendto, recvfrom, one lookup at a time.
 * Prints a line of JSON. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define BATCH 64
#define SOCKETS 4 /* also TCP connections */
#define RUN 8     /* gso: queries that one of many servers gets at once */
#define ROOM 320  /* octets of a query: a name of up to 253, header, question, OPT */
#define REPLY 4096
#define STREAM 65536
#define LOW_WATER 4096 /* TCP: octets that are worth waking up for, some fifty answers */
#define LOW_WATER_MS 5
#define PATIENCE_MS 300 /* silence after which what is not answered counts as lost, and is asked again */
#define IDS 65536

typedef struct floor {
  const char *next, *end; /* of the names not asked yet */
  const char *asked[IDS]; /* the name asked with this ID on this socket, NULL when it is free */
  int fds[SOCKETS];
  unsigned waits[SOCKETS]; /* queries without an answer */
  unsigned sockets, window;
  uint32_t id;
  struct sockaddr_in *servers;
  unsigned server_count, server;
  uint64_t sent, answers, lost;
} floor_t;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- queries --- */

static const char *line_end(const char *name, const char *end) {
  const char *stop = memchr(name, '\n', (size_t)(end - name));
  return stop == NULL ? end : stop;
}

/* Writes a query for the line at `name`; its octets. */
static unsigned query_write(uint8_t *out, uint16_t id, const char *name, const char *end) {
  static const uint8_t head[] = {0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1};
  static const uint8_t tail[] = {0, 0, 1, 0, 1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0}; /* root, A IN, OPT of 1,232 */
  const char *stop = line_end(name, end);
  uint8_t *at = out + 2 + sizeof head, *length = at++;
  if (stop - name > 253) die("a name is too long");
  out[0] = (uint8_t)(id >> 8);
  out[1] = (uint8_t)id;
  memcpy(out + 2, head, sizeof head);
  for (; name < stop; name++) {
    if (*name != '.') {
      *at++ = (uint8_t)*name;
      continue;
    }
    *length = (uint8_t)(at - length - 1);
    length = at++;
  }
  *length = (uint8_t)(at - length - 1);
  memcpy(at, tail, sizeof tail);
  return (unsigned)(at - out + (long)sizeof tail);
}

/* The next name to be asked through socket `s`, under an ID of its own, as a query; 0 when there is none. */
static unsigned query_next(floor_t *f, unsigned s, uint8_t *out) {
  if (f->next >= f->end || f->waits[s] == f->window) return 0;
  while (f->asked[f->id] != NULL) f->id = (f->id + 1) % IDS;
  unsigned len = query_write(out, (uint16_t)f->id, f->next, f->end);
  f->asked[f->id] = f->next;
  f->id = (f->id + 1) % IDS;
  f->next = line_end(f->next, f->end) + 1;
  f->waits[s]++;
  f->sent++;
  return len;
}

/* Whether there is anything left to do. */
static int open_lookups(const floor_t *f) {
  return f->next < f->end || f->answers < f->sent;
}

/* An answer with this ID has come through socket `s`. */
static void answered(floor_t *f, unsigned s, const uint8_t *reply) {
  unsigned id = reply[0] * 256u + reply[1];
  if (f->asked[id] == NULL) return;
  f->asked[id] = NULL;
  f->waits[s]--;
  f->answers++;
}

/* Nothing has come for too long: asks again for all that is open, through UDP socket 0, once for each call. */
static void ask_again(floor_t *f) {
  uint8_t query[ROOM];
  for (unsigned id = 0; id < IDS; id++) {
    if (f->asked[id] == NULL) continue;
    unsigned len = query_write(query, (uint16_t)id, f->asked[id], f->end);
    const struct sockaddr_in *to = &f->servers[f->server++ % f->server_count];
    f->lost++;
    if (sendto(f->fds[0], query, len, 0, f->server_count == 1 ? NULL : (const void *)to,
               f->server_count == 1 ? 0 : sizeof *to) < 0 &&
        errno != EAGAIN && errno != ECONNREFUSED)
      die("sendto");
  }
}

/* --- UDP in batches --- */

typedef struct batch {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  struct sockaddr_in peers[BATCH];
  uint8_t octets[BATCH][REPLY];
  char control[CMSG_SPACE(sizeof(uint16_t))];
} batch;

static unsigned batch_fill(floor_t *f, batch *b) {
  unsigned count = 0, len;
  while (count < BATCH && (len = query_next(f, 0, b->octets[count])) != 0) {
    b->vectors[count] = (struct iovec){b->octets[count], len};
    b->headers[count].msg_hdr = (struct msghdr){.msg_iov = &b->vectors[count], .msg_iovlen = 1};
    if (f->server_count > 1) {
      b->peers[count] = f->servers[f->server++ % f->server_count];
      b->headers[count].msg_hdr.msg_name = &b->peers[count];
      b->headers[count].msg_hdr.msg_namelen = sizeof b->peers[count];
    }
    count++;
  }
  return count;
}

static void batch_send(floor_t *f, batch *b, unsigned count) {
  for (unsigned done = 0; done < count;) {
    int n = sendmmsg(f->fds[0], b->headers + done, count - done, 0);
    if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) die("sendmmsg");
    done += n > 0 ? (unsigned)n : 0;
  }
}

/* Queries of one length as one message, which the kernel cuts; each of many servers gets a short run. */
static void batch_send_runs(floor_t *f, batch *b, unsigned count) {
  for (unsigned first = 0, end; first < count; first = end) {
    size_t size = b->vectors[first].iov_len;
    unsigned most = f->server_count > 1 && count - first > RUN ? first + RUN : count;
    for (end = first + 1; end < most && b->vectors[end].iov_len == size;) end++;
    struct msghdr message = {.msg_iov = &b->vectors[first], .msg_iovlen = end - first};
    if (f->server_count > 1) {
      message.msg_name = &f->servers[f->server++ % f->server_count];
      message.msg_namelen = sizeof f->servers[0];
    }
    if (end - first > 1) {
      message.msg_control = b->control;
      message.msg_controllen = sizeof b->control;
      struct cmsghdr *c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_UDP;
      c->cmsg_type = UDP_SEGMENT;
      c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
      *(uint16_t *)CMSG_DATA(c) = (uint16_t)size;
    }
    while (sendmsg(f->fds[0], &message, 0) < 0)
      if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) die("sendmsg");
  }
}

static int batch_receive(floor_t *f, batch *b) {
  for (unsigned i = 0; i < BATCH; i++) {
    b->vectors[i] = (struct iovec){b->octets[i], REPLY};
    b->headers[i].msg_hdr = (struct msghdr){.msg_iov = &b->vectors[i], .msg_iovlen = 1};
  }
  int n = recvmmsg(f->fds[0], b->headers, BATCH, MSG_DONTWAIT, NULL);
  if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) die("recvmmsg");
  for (int i = 0; i < n; i++)
    if (b->headers[i].msg_len >= 12) answered(f, 0, b->octets[i]);
  return n;
}

/* --- UDP one by one --- */

static void one_send(floor_t *f, batch *b) {
  unsigned len;
  for (unsigned count = 0; count < BATCH && (len = query_next(f, 0, b->octets[0])) != 0; count++)
    while (send(f->fds[0], b->octets[0], len, 0) < 0)
      if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) die("send");
}

static int one_receive(floor_t *f, batch *b) {
  int n = 0;
  for (ssize_t len; (len = recv(f->fds[0], b->octets[0], REPLY, MSG_DONTWAIT)) >= 0; n++)
    if (len >= 12) answered(f, 0, b->octets[0]);
  if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) die("recv");
  return n;
}

static void run_udp(floor_t *f, const char *form) {
  static batch out, in;
  int gso = strcmp(form, "gso") == 0, one = strcmp(form, "one") == 0;
  while (open_lookups(f)) {
    unsigned count = one ? 0 : batch_fill(f, &out);
    if (one)
      one_send(f, &out);
    else if (gso)
      batch_send_runs(f, &out, count);
    else
      batch_send(f, &out, count);
    int got = one ? one_receive(f, &in) : batch_receive(f, &in);
    if (got > 0 || (f->next < f->end && f->waits[0] < f->window)) continue;
    struct pollfd ready = {.fd = f->fds[0], .events = POLLIN};
    if (poll(&ready, 1, PATIENCE_MS) == 0) ask_again(f);
  }
}

/* --- TCP --- */

typedef struct stream {
  uint8_t in[STREAM], out[STREAM];
  size_t got, filled, written;
} stream;

/* Half a window at once at the least, so that a segment carries many. */
static void stream_send(floor_t *f, stream *t, unsigned s) {
  unsigned len;
  int due = f->waits[s] * 2 <= f->window;
  while (due && STREAM - t->filled >= ROOM + 2 && (len = query_next(f, s, t->out + t->filled + 2)) != 0) {
    t->out[t->filled] = (uint8_t)(len >> 8);
    t->out[t->filled + 1] = (uint8_t)len;
    t->filled += 2 + len;
  }
  if (t->written == t->filled) return;
  ssize_t n = send(f->fds[s], t->out + t->written, t->filled - t->written, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) die("send");
  t->written += n > 0 ? (size_t)n : 0;
  if (t->written == t->filled) t->written = t->filled = 0;
}

static void stream_receive(floor_t *f, stream *t, unsigned s) {
  ssize_t n = recv(f->fds[s], t->in + t->got, STREAM - t->got, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) die("recv: the server closed the connection");
  t->got += (size_t)n;
  size_t at = 0;
  while (t->got - at >= 2) {
    size_t len = t->in[at] * 256u + t->in[at + 1];
    if (t->got - at - 2 < len) break;
    if (len >= 12) answered(f, s, t->in + at + 2);
    at += 2 + len;
  }
  memmove(t->in, t->in + at, t->got - at);
  t->got -= at;
}

static void run_tcp(floor_t *f) {
  static stream streams[SOCKETS];
  struct pollfd ready[SOCKETS];
  while (open_lookups(f)) {
    for (unsigned s = 0; s < f->sockets; s++) {
      stream_send(f, &streams[s], s);
      ready[s] = (struct pollfd){.fd = f->fds[s], .events = POLLIN};
      if (streams[s].filled > 0) ready[s].events |= POLLOUT;
    }
    int n = poll(ready, f->sockets, LOW_WATER_MS); /* then what is there is taken, however little */
    for (unsigned s = 0; s < f->sockets; s++)
      if (n == 0 || ready[s].revents & (POLLIN | POLLHUP | POLLERR)) stream_receive(f, &streams[s], s);
  }
}

/* --- one at a time --- */

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static uint64_t names_count(const floor_t *f) {
  uint64_t count = 0;
  for (const char *at = f->next; at < f->end; at = line_end(at, f->end) + 1) count++;
  return count;
}

/* Prints the median of all lookups, in microseconds; the first tenth only warms up. */
static void run_latency(floor_t *f) {
  uint8_t query[ROOM], reply[REPLY];
  uint64_t names = names_count(f);
  double *took = malloc(names * sizeof *took);
  if (took == NULL) die("malloc");
  for (uint64_t i = 0; i < names; i++) {
    unsigned len = query_next(f, 0, query);
    int64_t began = now_ns();
    const struct sockaddr_in *to = &f->servers[f->server++ % f->server_count];
    if (sendto(f->fds[0], query, len, 0, (const void *)to, sizeof *to) < 0) die("sendto");
    ssize_t n;
    do n = recvfrom(f->fds[0], reply, sizeof reply, 0, NULL, NULL);
    while (n >= 2 && (reply[0] != query[0] || reply[1] != query[1]));
    if (n < 12) die("recvfrom: no answer");
    took[i] = (double)(now_ns() - began) / 1000;
    answered(f, 0, reply);
  }
  uint64_t first = names / 10, count = names - first;
  qsort(took + first, count, sizeof *took, by_size);
  printf("{\"answers\": %llu, \"us\": %.3f}\n", (unsigned long long)f->answers, took[first + count / 2]);
  free(took);
}

/* --- the rest --- */

static void names_map(floor_t *f, const char *path) {
  struct stat info;
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &info) != 0) die(path);
  if (info.st_size == 0) return;
  f->next = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (f->next == MAP_FAILED) die(path);
  close(fd);
  f->end = f->next + info.st_size;
}

static void servers_list(floor_t *f, const char *host, const char *port, unsigned count) {
  struct in_addr first;
  if (count == 0 || inet_pton(AF_INET, host, &first) != 1) die("HOST PORT SERVERS");
  f->server_count = count;
  f->servers = calloc(count, sizeof *f->servers);
  if (f->servers == NULL) die("calloc");
  for (unsigned i = 0; i < count; i++)
    f->servers[i] = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_port = htons((uint16_t)atoi(port)),
                                         .sin_addr.s_addr = htonl(ntohl(first.s_addr) + i)};
}

static void sockets_open(floor_t *f, const char *form) {
  int tcp = strcmp(form, "tcp") == 0, room = 1 << 22, on = 1, low = LOW_WATER;
  struct timeval patience = {.tv_sec = 5};
  f->sockets = tcp ? SOCKETS : 1;
  for (unsigned s = 0; s < f->sockets; s++) {
    f->fds[s] = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (f->fds[s] < 0) die("socket");
    setsockopt(f->fds[s], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(f->fds[s], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (tcp) setsockopt(f->fds[s], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tcp) setsockopt(f->fds[s], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
    if (strcmp(form, "latency") == 0 || f->server_count > 1) continue;
    if (connect(f->fds[s], (const void *)&f->servers[0], sizeof f->servers[0]) != 0) die("connect");
  }
}

static double cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* VmHWM: ru_maxrss would tell the parent's, carried over fork and exec. */
static long peak_kib(void) {
  char line[256];
  long kib = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    if (sscanf(line, "VmHWM: %ld", &kib) == 1) break;
  if (status != NULL) fclose(status);
  return kib;
}

int main(int argc, char **argv) {
  static floor_t f;
  if (argc < 5 || argc > 7 || strstr("udp gso one tcp latency", argv[1]) == NULL) {
    fprintf(stderr, "usage: floor udp|gso|one|tcp|latency NAMES HOST PORT [SERVERS] [WINDOW]\n");
    return 2;
  }
  f.window = argc > 6 ? (unsigned)atoi(argv[6]) : strcmp(argv[1], "tcp") == 0 ? 256 : 512;
  names_map(&f, argv[2]);
  servers_list(&f, argv[3], argv[4], argc > 5 ? (unsigned)atoi(argv[5]) : 1);
  sockets_open(&f, argv[1]);
  if (f.server_count > 1 && (strcmp(argv[1], "one") == 0 || strcmp(argv[1], "tcp") == 0)) {
    fprintf(stderr, "floor: the forms one and tcp ask one server\n");
    return 2;
  }
  if (strcmp(argv[1], "latency") == 0) {
    run_latency(&f);
    return 0;
  }
  int64_t began = now_ns();
  if (strcmp(argv[1], "tcp") == 0)
    run_tcp(&f);
  else
    run_udp(&f, argv[1]);
  printf("{\"answers\": %llu, \"sent\": %llu, \"lost\": %llu, \"seconds\": %.4f, \"cpu_s\": %.4f, \"rss_kib\": %ld}\n",
         (unsigned long long)f.answers, (unsigned long long)f.sent, (unsigned long long)f.lost,
         (double)(now_ns() - began) / 1e9, cpu_seconds(), peak_kib());
  return 0;
}
