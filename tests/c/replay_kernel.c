/* replay_kernel.c: the system calls of a session, see replay.h.
 *
 * As Linux has them, where the engine can tell: level-triggered epoll, errors that come late, short reads and writes,
 * runs of packets, queues of ICMP errors. A use of a descriptor that is not open is a failed check.
 * SPDX-License-Identifier: MIT */
#include "replay.h"

#include <linux/errqueue.h>
#include <netinet/udp.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define SENT(octets, len) __msan_check_mem_is_initialized((octets), (len))
#endif
#endif
#ifndef SENT
#define SENT(octets, len) (void)(octets)
#endif

/* --- calls in general --- */

static const char *const names[C_CALLS] = {
    "socket",  "connect", "bind", "setsockopt",    "getsockopt", "close",      "dup3",   "sendmmsg", "recvmmsg",
    "recvmsg", "send",    "recv", "epoll_create1", "epoll_ctl",  "epoll_wait", "usleep", "getrandom"};

/* Of the errors in `enter`, how many mean no harm to this call. */
static uint32_t harmless(int call) {
  if (call == C_SENDMMSG || call == C_SEND) return 3;
  if (call == C_RECVMMSG || call == C_RECV || call == C_RECVMSG) return 2;
  return call == C_EPOLL_WAIT || call == C_USLEEP || call == C_GETRANDOM || call == C_CLOSE;
}

/* Every call takes some time, and may fail. */
static int enter(world *w, int call) {
  static const int errors[] = {EINTR, EAGAIN, ENOBUFS, EMFILE, ENETUNREACH, ECONNREFUSED};
  w->total++;
  w->calls[call]++;
  advance(w, w->now_us + 1 + draw(w, 3));
  if (w->total > CALLS_MOST) {
    printf("%s: a loop without end in %s\n", w->u->about, names[call]);
    abort();
  }
  if (w->plan.call == call && w->calls[call] == w->plan.nth) {
    errno = w->plan.error;
    trace(w, names[call], -2, errno);
    return 1;
  }
  uint32_t kinds = w->plan.harmless ? harmless(call) : 6;
  if (kinds == 0 || !chance(w, w->plan.percent[call])) return 0;
  errno = errors[draw(w, kinds)];
  trace(w, names[call], -1, errno);
  return 1;
}

/* An open descriptor of that kind (FD_FREE: of any), or NULL, which is the engine's fault. */
static sim_fd *at(world *w, int fd, int kind) {
  int known = fd >= FIRST_FD && fd < FIRST_FD + FDS && w->fds[fd - FIRST_FD].kind != FD_FREE;
  known = known && (kind == FD_FREE || w->fds[fd - FIRST_FD].kind == kind);
  EXPECT(w->u, known);
  if (!known) errno = EBADF;
  return known ? &w->fds[fd - FIRST_FD] : NULL;
}

static int fail(int error) {
  errno = error;
  return -1;
}

static int open_fd(world *w, int kind) {
  int n = 0;
  while (n < FDS && w->fds[n].kind != FD_FREE) n++;
  if (n == FDS) return fail(EMFILE);
  uint32_t life = w->fds[n].life + 1;
  w->fds[n] = (sim_fd){.kind = (uint8_t)kind, .life = life};
  w->open++;
  return FIRST_FD + n;
}

/* --- sockets --- */

static int sim_socket(int family, int kind, int protocol) {
  world *w = replay_world;
  (void)family;
  (void)protocol;
  if (enter(w, C_SOCKET)) return -1;
  EXPECT(w->u, (kind & SOCK_NONBLOCK) && (kind & SOCK_CLOEXEC));
  int fd = open_fd(w, kind & SOCK_STREAM ? FD_TCP : FD_UDP);
  if (fd >= 0 && !(kind & SOCK_STREAM)) w->fds[fd - FIRST_FD].ids = calloc(1, 8192);
  trace(w, "socket", fd, kind);
  return fd;
}

static int sim_close(int fd) {
  world *w = replay_world;
  int failed = enter(w, C_CLOSE);
  sim_fd *s = at(w, fd, FD_FREE);
  if (!s) return -1;
  for (int n = 0; s->kind == FD_EPOLL && n < FDS; n++)
    if (w->fds[n].epoll == fd) w->fds[n].epoll = 0;
  drop_fd(w, s); /* also when it fails: Linux closes it all the same */
  trace(w, "close", fd, failed);
  return failed ? -1 : 0;
}

static int sim_connect(int fd, const struct sockaddr *to, socklen_t size) {
  world *w = replay_world;
  rq_peer peer = {.v6 = {.sin6_family = AF_UNSPEC}};
  sim_fd *s = at(w, fd, FD_FREE);
  if (!s || enter(w, C_CONNECT)) return -1;
  memcpy(&peer, to, size);
  s->peer = peer;
  s->connected = 1;
  if (s->kind == FD_UDP) return 0;
  peer_connect(w, fd, &peer);
  return fail(EINPROGRESS);
}

static int sim_bind(int fd, const struct sockaddr *to, socklen_t size) {
  (void)to;
  (void)size;
  return enter(replay_world, C_BIND) || !at(replay_world, fd, FD_UDP) ? -1 : 0;
}

static int sim_setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  (void)level;
  (void)name;
  (void)value;
  (void)size;
  return enter(replay_world, C_SETSOCKOPT) || !at(replay_world, fd, FD_FREE) ? -1 : 0;
}

static int sim_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  world *w = replay_world;
  sim_fd *s = at(w, fd, FD_FREE);
  if (!s || enter(w, C_GETSOCKOPT)) return -1;
  if (level == SOL_SOCKET && name == SO_ERROR) {
    memcpy(value, &s->error, sizeof s->error);
    *size = sizeof s->error;
    s->error = 0;
  }
  return 0;
}

static int sim_dup3(int fd, int onto, int flags) {
  world *w = replay_world;
  (void)flags;
  if (!at(w, fd, FD_EPOLL) || !at(w, onto, FD_EPOLL) || enter(w, C_DUP3)) return -1;
  for (int n = 0; n < FDS; n++) {
    EXPECT(w->u, w->fds[n].epoll != fd);
    if (w->fds[n].epoll == onto) w->fds[n].epoll = 0; /* the parent's goes on elsewhere */
  }
  return onto;
}

/* --- datagrams --- */

/* One message of `header`: a packet, or a run that the kernel cuts into packets. */
static int send_message(world *w, int fd, sim_fd *s, const struct msghdr *header) {
  static uint8_t whole[65536];
  uint32_t len = 0;
  uint16_t size = 0;
  for (size_t k = 0; k < header->msg_iovlen; k++) {
    memcpy(whole + len, header->msg_iov[k].iov_base, header->msg_iov[k].iov_len);
    len += (uint32_t)header->msg_iov[k].iov_len;
  }
  if (header->msg_controllen > 0) {
    const struct cmsghdr *control = header->msg_control;
    EXPECT(w->u, control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_SEGMENT);
    memcpy(&size, CMSG_DATA(control), sizeof size);
    if (!w->plan.segments) return fail(EIO);
  }
  EXPECT(w->u, !w->quiet && !w->unlike && (header->msg_iovlen == 1 || size > 0));
  const rq_peer *to = header->msg_name ? header->msg_name : &s->peer;
  for (uint32_t from = 0; from < len; from += size ? size : len) {
    uint32_t part = size > 0 && size < len - from ? size : len - from;
    SENT(whole + from, part);
    trace_octets(w, whole + from, part);
    if (part >= 2) s->ids[whole[from] * 32 + whole[from + 1] / 8] |= (uint8_t)(1 << whole[from + 1] % 8);
    peer_datagram(w, fd, to, whole + from, part);
  }
  return 0;
}

static int sim_sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags) {
  world *w = replay_world;
  sim_fd *s = at(w, fd, FD_UDP);
  unsigned int sent = 0;
  (void)flags;
  if (!s || enter(w, C_SENDMMSG)) return -1;
  if (s->error) { /* a late one, told once */
    int error = s->error;
    s->error = 0;
    return fail(error);
  }
  if (count > 1 && chance(w, 10)) count = 1 + draw(w, count);
  for (; sent < count && send_message(w, fd, s, &headers[sent].msg_hdr) == 0; sent++) continue;
  trace(w, "sendmmsg", fd, sent);
  return sent > 0 ? (int)sent : -1;
}

static int sim_recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout) {
  world *w = replay_world;
  sim_fd *s = at(w, fd, FD_UDP);
  unsigned int got = 0;
  EXPECT(w->u, (flags & MSG_DONTWAIT) && !timeout);
  if (!s || enter(w, C_RECVMMSG)) return -1;
  if (s->error) {
    int error = s->error;
    s->error = 0;
    return fail(error);
  }
  for (event *e; got < count && (e = dequeue(&s->in)); got++) {
    struct msghdr *header = &headers[got].msg_hdr;
    size_t room = header->msg_iov[0].iov_len;
    uint32_t len = e->len < room ? e->len : (uint32_t)room;
    memcpy(header->msg_iov[0].iov_base, e->octets, len);
    headers[got].msg_len = len;
    header->msg_flags = e->len > room ? MSG_TRUNC : 0;
    if (header->msg_name) {
      EXPECT(w->u, header->msg_namelen == sizeof e->peer);
      memcpy(header->msg_name, &e->peer, sizeof e->peer);
      header->msg_namelen = rq_peer_size(&e->peer);
    }
    free(e);
  }
  trace(w, "recvmmsg", fd, got);
  return got > 0 ? (int)got : fail(EAGAIN);
}

/* Errors alone: the engine receives packets otherwise. */
static ssize_t sim_recvmsg(int fd, struct msghdr *header, int flags) {
  world *w = replay_world;
  sim_fd *s = at(w, fd, FD_UDP);
  EXPECT(w->u, flags == (MSG_ERRQUEUE | MSG_DONTWAIT));
  if (!s || enter(w, C_RECVMSG)) return -1;
  event *e = dequeue(&s->errors);
  if (!e) return fail(EAGAIN);
  uint32_t len = e->len < header->msg_iov[0].iov_len ? e->len : (uint32_t)header->msg_iov[0].iov_len;
  memcpy(header->msg_iov[0].iov_base, e->octets, len);
  memcpy(header->msg_name, &e->peer, sizeof e->peer);
  int six = e->peer.any.sa_family == AF_INET6;
  struct sock_extended_err told = {.ee_errno = (uint32_t)e->error, .ee_origin = SO_EE_ORIGIN_ICMP};
  struct cmsghdr *control = header->msg_control;
  control->cmsg_len = CMSG_LEN(sizeof told);
  control->cmsg_level = six ? IPPROTO_IPV6 : IPPROTO_IP;
  control->cmsg_type = six ? IPV6_RECVERR : IP_RECVERR;
  memcpy(CMSG_DATA(control), &told, sizeof told);
  header->msg_controllen = CMSG_SPACE(sizeof told);
  if (!s->errors.head) s->error = 0;
  trace(w, "icmp", fd, e->error);
  free(e);
  return (ssize_t)len;
}

/* --- streams --- */

static ssize_t sim_send(int fd, const void *octets, size_t len, int flags) {
  world *w = replay_world;
  sim_fd *s = at(w, fd, FD_TCP);
  EXPECT(w->u, flags == MSG_NOSIGNAL && len > 0);
  if (!s || enter(w, C_SEND)) return -1;
  if (s->error) {
    int error = s->error;
    s->error = 0;
    return fail(error);
  }
  if (!s->established) return fail(EAGAIN);
  if (s->ended && chance(w, 50)) return fail(EPIPE);
  if (s->blocked || chance(w, 3)) {
    if (!s->blocked) post(w, fd, E_WINDOW, 1 + draw(w, 30000), NULL, 0);
    s->blocked = 1;
    return fail(EAGAIN);
  }
  if (chance(w, 20)) len = 1 + draw(w, (uint32_t)len);
  trace(w, "send", fd, (int64_t)len);
  SENT(octets, len);
  trace_octets(w, octets, (uint32_t)len);
  peer_octets(w, fd, octets, (uint32_t)len);
  return (ssize_t)len;
}

static ssize_t sim_recv(int fd, void *octets, size_t room, int flags) {
  world *w = replay_world;
  sim_fd *s = at(w, fd, FD_TCP);
  EXPECT(w->u, flags == 0 && room > 0);
  if (!s || enter(w, C_RECV)) return -1;
  event *e = s->in.head;
  if (!e && s->error) {
    int error = s->error;
    s->error = 0;
    return fail(error);
  }
  if (!e) return s->ended ? 0 : fail(EAGAIN);
  uint32_t len = e->len - e->used;
  if (len > room) len = (uint32_t)room;
  if (chance(w, 20)) len = 1 + draw(w, len);
  memcpy(octets, e->octets + e->used, len);
  e->used += len;
  if (e->used == e->len) free(dequeue(&s->in));
  trace(w, "recv", fd, len);
  return (ssize_t)len;
}

/* --- epoll --- */

static int sim_epoll_create1(int flags) {
  (void)flags;
  return enter(replay_world, C_EPOLL_CREATE1) ? -1 : open_fd(replay_world, FD_EPOLL);
}

static int sim_epoll_ctl(int fd, int op, int watched, struct epoll_event *wanted) {
  world *w = replay_world;
  sim_fd *s = at(w, watched, FD_FREE);
  if (!at(w, fd, FD_EPOLL) || !s || enter(w, C_EPOLL_CTL)) return -1;
  trace(w, "epoll_ctl", watched, op);
  if ((op == EPOLL_CTL_ADD) == (s->epoll == fd)) return fail(op == EPOLL_CTL_ADD ? EEXIST : ENOENT);
  s->epoll = op == EPOLL_CTL_DEL ? 0 : fd;
  if (op == EPOLL_CTL_DEL) return 0;
  s->number = wanted->data.u32;
  s->events = wanted->events;
  return 0;
}

static uint32_t ready(const sim_fd *s) {
  uint32_t events = 0;
  if (s->in.head || (s->kind == FD_TCP && s->ended)) events |= EPOLLIN;
  if (s->error || s->errors.head) events |= EPOLLERR;
  if (s->kind == FD_TCP && s->established && !s->blocked) events |= EPOLLOUT;
  if (s->kind == FD_TCP && s->ended && s->error) events |= EPOLLHUP | EPOLLOUT;
  return events & (s->events | EPOLLERR | EPOLLHUP);
}

/* From a random one on, so that none always comes first. */
int ready_fds(world *w, int epoll, struct epoll_event *events, int most) {
  int count = 0, from = (int)draw(w, FDS);
  for (int n = 0; n < FDS && count < most; n++) {
    const sim_fd *s = &w->fds[(n + from) % FDS];
    if (s->epoll != epoll || s->kind == FD_FREE || !ready(s)) continue;
    if (events) events[count] = (struct epoll_event){.events = ready(s), .data = {.u32 = s->number}};
    count++;
  }
  return count;
}

static int sim_epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms) {
  world *w = replay_world;
  if (!at(w, fd, FD_EPOLL) || enter(w, C_EPOLL_WAIT)) return -1;
  int64_t until_us = w->now_us + (int64_t)timeout_ms * 1000;
  int count;
  while ((count = ready_fds(w, fd, events, most)) == 0 && w->now_us < until_us) advance(w, until_us);
  trace(w, "epoll_wait", timeout_ms, count);
  return count;
}

/* --- the rest --- */

static int sim_usleep(useconds_t us) {
  world *w = replay_world;
  if (enter(w, C_USLEEP)) return -1;
  world_wait(w, 0, us);
  return 0;
}

static ssize_t sim_getrandom(void *octets, size_t len, unsigned int flags) {
  world *w = replay_world;
  (void)flags;
  if (enter(w, C_GETRANDOM)) return -1;
  w->unlike = 0;
  if (len > 256 && chance(w, 10)) len = 256 + draw(w, (uint32_t)len - 256);
  for (size_t n = 0; n < len; n++) ((uint8_t *)octets)[n] = (uint8_t)draw(w, 256);
  return (ssize_t)len;
}

static int sim_clock_gettime(clockid_t clock, struct timespec *now) {
  int64_t us = replay_world->now_us + (clock == CLOCK_REALTIME ? 1700000000000000 : 0);
  *now = (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
  return 0;
}

static pid_t sim_getpid(void) {
  return replay_world->pid;
}

const rq_sys replay_sys = {
    .socket = sim_socket,
    .connect = sim_connect,
    .bind = sim_bind,
    .setsockopt = sim_setsockopt,
    .getsockopt = sim_getsockopt,
    .close = sim_close,
    .dup3 = sim_dup3,
    .sendmmsg = sim_sendmmsg,
    .recvmmsg = sim_recvmmsg,
    .recvmsg = sim_recvmsg,
    .send = sim_send,
    .recv = sim_recv,
    .epoll_create1 = sim_epoll_create1,
    .epoll_ctl = sim_epoll_ctl,
    .epoll_wait = sim_epoll_wait,
    .usleep = sim_usleep,
    .getrandom = sim_getrandom,
    .clock_gettime = sim_clock_gettime,
    .getpid = sim_getpid,
};
