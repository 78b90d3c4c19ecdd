/* replay.h: a kernel, a network, servers and a clock that exist only here, all driven by one seed.
 *
 * They stand behind an rq_sys, so an engine cannot tell them from real ones, and a session with a given seed is the
 * same each time, octet by octet: `trace` is a hash of all that passed. replay_world.c has chance and time,
 * replay_kernel.c the system calls, replay_peers.c the servers and the forgers, test_replay.c the sessions and what
 * must hold in each.
 * SPDX-License-Identifier: MIT */
#ifndef REPLAY_H
#define REPLAY_H

#include <errno.h>

#include "net/rq_engine_impl.h"
#include "unit.h"

#define FDS 512
#define FIRST_FD 100 /* so that a descriptor is not mistaken for something else */
#define PEERS 24
#define NUMBERS 4096         /* names are numbered from 0 */
#define CALLS_MOST 3000000   /* of one session: more than that is a loop without end */
#define QUEUE_MOST 300       /* datagrams that a socket holds */
#define FORGED "66.66.66.66" /* what every forgery answers */
#define FORGED_OCTETS 66

enum call {
  C_SOCKET,
  C_CONNECT,
  C_BIND,
  C_SETSOCKOPT,
  C_GETSOCKOPT,
  C_CLOSE,
  C_DUP3,
  C_SENDMMSG,
  C_RECVMMSG,
  C_RECVMSG,
  C_SEND,
  C_RECV,
  C_EPOLL_CREATE1,
  C_EPOLL_CTL,
  C_EPOLL_WAIT,
  C_USLEEP,
  C_GETRANDOM,
  C_CALLS
};

enum fd_kind { FD_FREE, FD_UDP, FD_TCP, FD_EPOLL };

enum event_kind { E_DATAGRAM, E_ICMP, E_ESTABLISHED, E_REFUSED, E_OCTETS, E_FIN, E_RESET, E_WINDOW };

/* Something that happens at a socket of ours; its octets follow the struct. */
typedef struct event {
  struct event *next; /* in the queue of a socket, once it has arrived */
  int64_t at_us;
  uint64_t order; /* of those at one time */
  int fd;
  uint32_t life;         /* of the descriptor when this was sent: to a later one it does not come */
  uint8_t kind, guessed; /* guessed: a forgery with an ID that must not be one in use */
  int error;
  rq_peer peer; /* where it comes from; where the query went that an ICMP error quotes */
  uint32_t len, used;
  uint8_t octets[];
} event;

typedef struct queue {
  event *head, *tail;
  uint32_t count;
} queue;

typedef struct sim_fd {
  uint8_t kind, connected, established, ended, blocked;
  uint8_t silent;  /* TCP: the server has said its last */
  uint8_t ordered; /* TCP: the server sends in pieces, one answer after the other */
  uint32_t life;
  int error;    /* pending, as SO_ERROR */
  rq_peer peer; /* connected to */
  queue in, errors;
  int64_t last_us; /* TCP: when the last octets arrive */
  uint8_t *heard;  /* TCP: what the server has not yet read as a frame */
  uint32_t heard_len;
  uint8_t *ids; /* UDP: a bit for each ID that was ever sent from here */
  int epoll;    /* watched by it, 0 for none */
  uint32_t number, events;
} sim_fd;

/* How a server behaves; chances in percent. */
typedef struct nature {
  rq_peer peer;
  int64_t delay_us, jitter_us;
  uint8_t lose, twice, corrupt, forge, truncate, servfail, refused, silent_to_edns, formerr_to_edns, breaks_case;
  uint8_t cookies, badcookie, strips, spare;
  uint16_t split_at; /* TCP: every frame comes in two pieces, so long is the first; 0: as drawn */
  int64_t drip_us;   /* TCP: how long each octet takes; 0: as drawn */
  uint8_t tcp_refused, tcp_silent, tcp_close, tcp_reset, tcp_split, tcp_noise, tcp_wrong_id, tcp_keeps_back;
} nature;

typedef struct plan {
  uint8_t percent[C_CALLS]; /* of calls that fail */
  int call, error;          /* the call that fails once, -1 for none */
  unsigned long nth;
  uint8_t segments; /* the kernel knows UDP GSO */
  uint8_t harmless; /* calls fail only in ways that mean nothing: come back later */
} plan;

typedef struct world {
  unit *u;
  uint64_t random, trace;
  int64_t now_us;
  unsigned long total, calls[C_CALLS];
  plan plan;
  sim_fd fds[FDS];
  int open; /* descriptors */
  int pid;
  event **heap;
  uint32_t heap_len, heap_cap;
  uint64_t order;
  nature peers[PEERS];
  uint32_t peer_count;
  unsigned long datagrams, frames, forgeries; /* sent by the engine; by forgers */
  uint16_t asked[2][NUMBERS];                 /* how often a name was, over UDP and TCP */
  uint8_t corrupted[NUMBERS];
  int kind;       /* servers lose nothing and come to the point */
  int unlike;     /* forked: nothing may be sent on the parent's random numbers */
  int mixed_case; /* the engine asks in random letter case */
  int quiet;      /* the engine must not send */
  int loud;       /* print what happens */
} world;

/* The world that the system calls of `replay_sys` act on. */
extern world *replay_world;
extern const rq_sys replay_sys;

void world_begin(world *w, unit *u, uint64_t seed);
void world_end(world *w);

/* Lets time pass, `us` of it, or until descriptor `epoll` has something to tell, if it is one. */
void world_wait(world *w, int epoll, int64_t us);

/* 0..n-1; and whether a chance of `percent` came true. */
uint32_t draw(world *w, uint32_t n);
int chance(world *w, uint32_t percent);

/* Lets time pass up to `until_us`, or to what happens next if that is sooner. */
void advance(world *w, int64_t until_us);

/* What has come first, NULL if nothing has; the caller frees it. */
event *dequeue(queue *q);

/* A descriptor is closed: what has come for it is gone. */
void drop_fd(world *w, sim_fd *s);

/* How many descriptors that `epoll` watches have something to tell; `events`, unless NULL, takes up to `most`. */
int ready_fds(world *w, int epoll, struct epoll_event *events, int most);

/* Remembers what passed. */
void trace(world *w, const char *what, int64_t a, int64_t b);
void trace_octets(world *w, const uint8_t *octets, uint32_t len);

/* Sends something to a descriptor of ours, which arrives after `delay_us`. */
event *post(world *w, int fd, int kind, int64_t delay_us, const uint8_t *octets, uint32_t len);

/* What servers do. */
void peers_draw(world *w, uint32_t count);
nature *peer_at(world *w, const rq_peer *peer);
void peer_datagram(world *w, int fd, const rq_peer *to, const uint8_t *query, uint32_t len);
void peer_connect(world *w, int fd, const rq_peer *to);
void peer_octets(world *w, int fd, const uint8_t *octets, uint32_t len);

#endif
