/* replay_world.c: chance, time and what arrives in a session, see replay.h.
 *
 * Events wait in a heap, ordered by time and then by when they were posted. SPDX-License-Identifier: MIT */
#include "replay.h"

world *replay_world;

/* --- chance, the trace, the queue of what is to come --- */

uint32_t draw(world *w, uint32_t n) {
  w->random += 0x9e3779b97f4a7c15u; /* splitmix64 */
  uint64_t z = w->random;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

int chance(world *w, uint32_t percent) {
  return percent > 0 && draw(w, 100) < percent;
}

static void mix(world *w, uint64_t value) {
  w->trace = (w->trace ^ value) * 0x100000001b3u;
  w->trace ^= w->trace >> 29;
}

void trace(world *w, const char *what, int64_t a, int64_t b) {
  for (const char *at = what; *at; at++) mix(w, (uint8_t)*at);
  mix(w, (uint64_t)a);
  mix(w, (uint64_t)b);
  mix(w, (uint64_t)w->now_us);
  if (w->loud) printf("%10lld %s %lld %lld\n", (long long)w->now_us, what, (long long)a, (long long)b);
}

void trace_octets(world *w, const uint8_t *octets, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) mix(w, octets[i]);
}

static int before(const event *a, const event *b) {
  return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

event *post(world *w, int fd, int kind, int64_t delay_us, const uint8_t *octets, uint32_t len) {
  event *e = malloc(sizeof *e + len);
  *e = (event){.at_us = w->now_us + delay_us, .order = w->order++, .fd = fd, .kind = (uint8_t)kind, .len = len};
  e->life = w->fds[fd - FIRST_FD].life;
  if (len > 0) memcpy(e->octets, octets, len);
  if (w->heap_len == w->heap_cap) {
    w->heap_cap = w->heap_cap ? 2 * w->heap_cap : 256;
    w->heap = realloc(w->heap, w->heap_cap * sizeof *w->heap);
  }
  uint32_t at = w->heap_len++;
  for (; at > 0 && before(e, w->heap[(at - 1) / 2]); at = (at - 1) / 2) w->heap[at] = w->heap[(at - 1) / 2];
  w->heap[at] = e;
  return e;
}

static event *pop(world *w) {
  event *first = w->heap[0], *last = w->heap[--w->heap_len];
  uint32_t at = 0;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= w->heap_len) break;
    if (child + 1 < w->heap_len && before(w->heap[child + 1], w->heap[child])) child++;
    if (!before(w->heap[child], last)) break;
    w->heap[at] = w->heap[child];
    at = child;
  }
  if (w->heap_len > 0) w->heap[at] = last;
  return first;
}

static void enqueue(queue *q, event *e) {
  e->next = NULL;
  if (q->tail)
    q->tail->next = e;
  else
    q->head = e;
  q->tail = e;
  q->count++;
}

event *dequeue(queue *q) {
  event *e = q->head;
  if (!e) return NULL;
  q->head = e->next;
  if (!q->head) q->tail = NULL;
  q->count--;
  return e;
}

/* --- arrival --- */

static int came_true(const sim_fd *s, const event *e) {
  uint16_t id = e->len >= 2 ? (uint16_t)(e->octets[0] * 256 + e->octets[1]) : 0;
  return s->ids && e->guessed && (s->ids[id / 8] >> (id % 8) & 1);
}

static int takes(const sim_fd *s, const event *e) {
  if (e->kind != E_DATAGRAM) return s->kind == FD_TCP;
  if (s->kind != FD_UDP || s->in.count >= QUEUE_MOST || came_true(s, e)) return 0;
  return !s->connected || rq_peer_same(&s->peer, &e->peer); /* the kernel checks the source */
}

static void arrive(world *w, event *e) {
  sim_fd *s = &w->fds[e->fd - FIRST_FD];
  int here = s->kind != FD_FREE && s->life == e->life;
  if (here && e->kind == E_ICMP && s->errors.count < 20) {
    if (s->connected) s->error = e->error;
    enqueue(&s->errors, e);
    return;
  }
  if (here && takes(s, e)) {
    if (e->kind == E_DATAGRAM || (e->kind == E_OCTETS && !s->ended)) {
      enqueue(&s->in, e);
      return;
    }
    if (e->kind == E_ESTABLISHED) s->established = 1;
    if (e->kind == E_WINDOW) s->blocked = 0;
    if (e->kind == E_FIN) s->ended = 1;
    if (e->kind == E_REFUSED || e->kind == E_RESET) {
      s->error = e->error;
      s->ended = 1;
      for (event *gone; e->kind == E_RESET && (gone = dequeue(&s->in));) free(gone); /* as Linux does */
    }
  }
  free(e);
}

/* Advances the clock to `until_us`, or to the next event if that is sooner. */
void advance(world *w, int64_t until_us) {
  if (w->heap_len > 0 && w->heap[0]->at_us < until_us) until_us = w->heap[0]->at_us;
  if (until_us > w->now_us) w->now_us = until_us;
  while (w->heap_len > 0 && w->heap[0]->at_us <= w->now_us) arrive(w, pop(w));
}

void world_wait(world *w, int epoll, int64_t us) {
  int64_t until_us = w->now_us + us;
  while (w->now_us < until_us && (epoll == 0 || ready_fds(w, epoll, NULL, 1) == 0)) advance(w, until_us);
}

void drop_fd(world *w, sim_fd *s) {
  for (event *e; (e = dequeue(&s->in));) free(e);
  for (event *e; (e = dequeue(&s->errors));) free(e);
  free(s->heard);
  free(s->ids);
  s->heard = s->ids = NULL;
  s->kind = FD_FREE;
  s->epoll = 0;
  w->open--;
}

void world_begin(world *w, unit *u, uint64_t seed) {
  memset(w, 0, sizeof *w);
  w->u = u;
  w->random = seed;
  w->trace = 0xcbf29ce484222325u;
  w->now_us = 5000000 + (int64_t)seed % 1000 * 1000003;
  w->pid = 1000;
  w->plan.call = -1;
  w->plan.segments = 1;
  replay_world = w;
}

void world_end(world *w) {
  for (uint32_t n = 0; n < w->heap_len; n++) free(w->heap[n]);
  free(w->heap);
  for (int n = 0; n < FDS; n++)
    if (w->fds[n].kind != FD_FREE) drop_fd(w, &w->fds[n]);
}
