/* lane.h: a network of servers on virtual time, for the tests of pacing: UDP alone, nothing is real, nobody sleeps.
 *
 * What is sent is written down with its time; a server answers after its delay, loses a share, or is silent. Waiting
 * moves the clock. SPDX-License-Identifier: MIT */
#ifndef LANE_H
#define LANE_H

#include <errno.h>
#include <string.h>

#include "net/rq_engine_impl.h"
#include "unit.h"

#define LANE_FDS 4096
#define LANE_PACKETS 65536u /* on their way at one time */
#define LANE_SENT 400000u
#define LANE_EPOLL 4095

typedef struct lane_server {
  int64_t delay_us;      /* to an answer */
  uint32_t loss;         /* of 1,000 queries */
  uint8_t rcode, silent; /* rcode of all its answers; it gives none */
  uint32_t in_flight, in_flight_most;
} lane_server;

typedef struct lane_sent {
  int64_t at_us;
  uint32_t server, name; /* the number in the name's first label */
  uint16_t id;
  uint16_t fd, sum; /* sum: of all its octets */
} lane_sent;

typedef struct lane_packet {
  int64_t due_us;
  rq_peer from;
  uint16_t fd, len;
  uint8_t octets[300];
} lane_packet;

static struct {
  int64_t now_us;
  uint64_t seed;
  unsigned long waits; /* calls of epoll_wait */
  lane_server servers[1024];
  struct {
    rq_peer peer;
    uint32_t number;
    uint8_t open, watched;
  } fds[LANE_FDS];
  lane_sent sent[LANE_SENT];
  uint32_t sent_count;
  lane_packet packets[LANE_PACKETS];
  uint32_t packet_count;
} lane;

static uint32_t lane_random(void) {
  lane.seed = lane.seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(lane.seed >> 33);
}

static uint32_t lane_server_of(const rq_peer *peer) {
  return ntohl(peer->v4.sin_addr.s_addr) - 0x7f000001;
}

static void lane_query(int fd, const rq_peer *to, const uint8_t *octets, size_t len) {
  uint32_t s = lane_server_of(to), name = 0, sum = 0;
  lane_server *server = &lane.servers[s];
  for (size_t i = 1; i < octets[12]; i++) name = name * 10 + (uint32_t)(octets[13 + i] - '0');
  for (size_t i = 0; i < len; i++) sum = sum * 31 + octets[i];
  if (lane.sent_count < LANE_SENT)
    lane.sent[lane.sent_count++] =
        (lane_sent){lane.now_us, s, name, (uint16_t)(octets[0] * 256 + octets[1]), (uint16_t)fd, (uint16_t)sum};
  if (server->silent || lane_random() % 1000 < server->loss || lane.packet_count == LANE_PACKETS) return;
  lane_packet *packet = &lane.packets[lane.packet_count++];
  *packet = (lane_packet){lane.now_us + server->delay_us, *to, (uint16_t)fd, 0, {0}};
  size_t end = 12;
  while (octets[end] != 0) end += octets[end] + 1u;
  packet->len = (uint16_t)(end + 5);
  memcpy(packet->octets, octets, packet->len);
  packet->octets[2] |= 0x80;
  packet->octets[3] = server->rcode;
  memset(packet->octets + 6, 0, 6);
  if (server->rcode != 0) return;
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  packet->octets[7] = 1;
  memcpy(packet->octets + packet->len, record, sizeof record);
  packet->len += sizeof record;
}

/* --- the system calls --- */

static int lane_socket(int family, int kind, int protocol) {
  (void)family, (void)protocol;
  if (kind & SOCK_STREAM && !(kind & SOCK_DGRAM)) return errno = EMFILE, -1;
  for (int fd = 3; fd < LANE_FDS - 1; fd++)
    if (!lane.fds[fd].open) {
      memset(&lane.fds[fd], 0, sizeof lane.fds[fd]);
      lane.fds[fd].open = 1;
      return fd;
    }
  return errno = EMFILE, -1;
}
static int lane_connect(int fd, const struct sockaddr *to, socklen_t size) {
  memcpy(&lane.fds[fd].peer, to, size);
  return 0;
}
static int lane_bind(int fd, const struct sockaddr *at, socklen_t size) {
  (void)fd, (void)at, (void)size;
  return 0;
}
static int lane_setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  (void)fd, (void)level, (void)name, (void)value, (void)size;
  return 0;
}
static int lane_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  (void)fd, (void)level, (void)name, (void)value, (void)size;
  return 0;
}
static int lane_close(int fd) {
  if (fd != LANE_EPOLL) lane.fds[fd].open = lane.fds[fd].watched = 0;
  return 0;
}
static int lane_dup3(int fd, int onto, int flags) {
  (void)fd, (void)flags;
  return onto;
}
static int lane_sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags) {
  (void)flags;
  for (unsigned int m = 0; m < count; m++) {
    const struct msghdr *header = &headers[m].msg_hdr;
    const rq_peer *to = header->msg_name ? header->msg_name : &lane.fds[fd].peer;
    for (size_t v = 0; v < header->msg_iovlen; v++)
      lane_query(fd, to, header->msg_iov[v].iov_base, header->msg_iov[v].iov_len);
  }
  return (int)count;
}
static int lane_recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout) {
  unsigned int got = 0;
  (void)flags, (void)timeout;
  for (uint32_t p = 0; p < lane.packet_count && got < count;) {
    lane_packet *packet = &lane.packets[p];
    if (packet->fd != fd || packet->due_us > lane.now_us) {
      p++;
      continue;
    }
    struct msghdr *header = &headers[got].msg_hdr;
    memcpy(header->msg_iov->iov_base, packet->octets, packet->len);
    if (header->msg_name) memcpy(header->msg_name, &packet->from, sizeof packet->from);
    header->msg_flags = 0;
    headers[got++].msg_len = packet->len;
    *packet = lane.packets[--lane.packet_count];
  }
  return got > 0 ? (int)got : (errno = EAGAIN, -1);
}
static ssize_t lane_recvmsg(int fd, struct msghdr *header, int flags) {
  (void)fd, (void)header, (void)flags;
  return errno = EAGAIN, -1;
}
static ssize_t lane_send(int fd, const void *octets, size_t len, int flags) {
  (void)fd, (void)octets, (void)flags;
  return (ssize_t)len;
}
static ssize_t lane_recv(int fd, void *octets, size_t len, int flags) {
  (void)fd, (void)octets, (void)len, (void)flags;
  return errno = EAGAIN, -1;
}
static int lane_epoll_create1(int flags) {
  (void)flags;
  return LANE_EPOLL;
}
static int lane_epoll_ctl(int fd, int op, int watched, struct epoll_event *event) {
  (void)fd;
  lane.fds[watched].watched = op != EPOLL_CTL_DEL;
  if (event) lane.fds[watched].number = event->data.u32;
  return 0;
}

/* What is due at once; otherwise the clock moves to what comes next, or to the end of the wait. */
static int lane_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms) {
  static uint8_t seen[LANE_FDS];
  int64_t next = lane.now_us + (int64_t)timeout_ms * 1000;
  int found = 0;
  (void)fd;
  lane.waits++;
  for (uint32_t p = 0; p < lane.packet_count; p++)
    if (lane.packets[p].due_us < next) next = lane.packets[p].due_us;
  if (next > lane.now_us && timeout_ms > 0) lane.now_us = next;
  memset(seen, 0, sizeof seen);
  for (uint32_t p = 0; p < lane.packet_count && found < count; p++) {
    uint16_t at = lane.packets[p].fd;
    if (lane.packets[p].due_us > lane.now_us || seen[at] || !lane.fds[at].watched) continue;
    seen[at] = 1;
    events[found++] = (struct epoll_event){.events = EPOLLIN, .data = {.u32 = lane.fds[at].number}};
  }
  return found;
}
static int lane_usleep(useconds_t us) {
  lane.now_us += us;
  return 0;
}
static ssize_t lane_getrandom(void *octets, size_t len, unsigned int flags) {
  (void)flags;
  for (size_t i = 0; i < len; i++) ((uint8_t *)octets)[i] = (uint8_t)lane_random();
  return (ssize_t)len;
}
static int lane_clock_gettime(clockid_t clock, struct timespec *now) {
  (void)clock;
  *now = (struct timespec){lane.now_us / 1000000, lane.now_us % 1000000 * 1000};
  return 0;
}
static pid_t lane_getpid(void) {
  return 1;
}

static const rq_sys lane_sys = {
    .socket = lane_socket,
    .connect = lane_connect,
    .bind = lane_bind,
    .setsockopt = lane_setsockopt,
    .getsockopt = lane_getsockopt,
    .close = lane_close,
    .dup3 = lane_dup3,
    .sendmmsg = lane_sendmmsg,
    .recvmmsg = lane_recvmmsg,
    .recvmsg = lane_recvmsg,
    .send = lane_send,
    .recv = lane_recv,
    .epoll_create1 = lane_epoll_create1,
    .epoll_ctl = lane_epoll_ctl,
    .epoll_wait = lane_epoll_wait,
    .usleep = lane_usleep,
    .getrandom = lane_getrandom,
    .clock_gettime = lane_clock_gettime,
    .getpid = lane_getpid,
};

/* Begins anew: `count` servers that answer after `delay_us`, at 127.0.0.1 and on. */
static rq_engine *lane_engine(unit *u, const rq_engine_conf *conf, uint32_t count, int64_t delay_us, uint64_t seed) {
  static rq_addr addrs[1024];
  int32_t status, error;
  memset(&lane, 0, sizeof lane);
  lane.now_us = 5000000;
  lane.seed = seed;
  for (uint32_t s = 0; s < count; s++) {
    lane.servers[s].delay_us = delay_us;
    addrs[s] = (rq_addr){.family = 4, .octets = {127, 0, (uint8_t)((s + 1) / 256), (uint8_t)(s + 1)}, .port = 53};
  }
  rq_engine *engine = rq_engine_make(conf, addrs, count, &lane_sys, &status, &error);
  EXPECT(u, engine != NULL);
  return engine;
}

#endif
