/* rq_engine_impl.h: what the files of the engine share: slots, sockets, connections and who may touch them.
 *
 *   rq_engine.c       life, submit, step, totals              (calls all below)
 *   rq_bulk.c         finished lookups as columns             (calls rq_engine.c)
 *   rq_engine_udp.c   lookups <-> UDP sockets
 *   rq_engine_tcp.c   lookups <-> TCP connections
 *   rq_pace.c         which servers may be sent to now, and which wait for it
 *   rq_slot.c         one lookup from input to row: lists, events of rq_lookup, the reply it keeps
 *   rq_slot_query.c   its query, and what is let in as the answer
 *   rq_share.c        lookups that need no query of their own: from the cache, or as another asks the same
 *
 * Data flows one way: packets become events of a slot, and an action of rq_lookup only ever moves its slot to a list,
 * which the sending files empty on their next turn. So nothing here recurses or calls back. SPDX-License-Identifier:
 * MIT */
#ifndef RQ_ENGINE_IMPL_H
#define RQ_ENGINE_IMPL_H

#include <sys/types.h>

#include "../lookup/rq_health.h"
#include "../lookup/rq_lookup.h"
#include "../render/rq_row.h"
#include "rq_ids.h"
#include "rq_random.h"
#include "rq_shared.h"
#include "rq_sock.h"
#include "rq_tcp.h"
#include "rq_wheel.h"

#define RQ_STORE 1504 /* octets of a slot for its input text and its reply; a larger reply gets a block of its own */
#define RQ_SERVERS_MAX 65536u    /* servers of one engine */
#define RQ_CONNECTED_SERVERS 16u /* up to so many servers have sockets of their own */
#define RQ_TURN 16u        /* lookups in a row that begin at one server where there are more, for the sake of runs */
#define RQ_LINKS 512u      /* TCP connections in all */
#define RQ_SERVER_LINKS 4u /* TCP connections to one server */
#define RQ_PIPELINE 512u   /* queries in flight on one connection */

#define RQ_REPEATS_MOST 3u /* times that a query is sent again within its try */

/* Bursts: of the queries that one server got in the last RQ_SLICES * RQ_SLICE_US, so many may be without an answer. */
#define RQ_BURST 128u
#define RQ_SLICES 4
#define RQ_SLICE_US 2500

/* Where a slot is. Each state but FREE and UDP has a list. */
enum rq_slot_state {
  RQ_SLOT_FREE,
  RQ_SLOT_FRESH,     /* not begun: the limit of lookups in flight is reached */
  RQ_SLOT_READY_UDP, /* to be sent, in its server's list */
  RQ_SLOT_READY_TCP, /* the same */
  RQ_SLOT_UDP,       /* sent; `sock` and `id` are in the table of IDs */
  RQ_SLOT_TCP,       /* the same, in its connection's list */
  RQ_SLOT_FOLLOW,    /* another asks the same, or will next: in its leader's list, not on the network */
  RQ_SLOT_ASKING,    /* begun, with a question to ask: in rq_share.asking, not on the network */
  RQ_SLOT_DONE       /* waits to be drained */
};

/* Where a server is that has lookups to be sent over one transport. */
enum rq_turn {
  RQ_TURN_NONE,   /* it has none */
  RQ_TURN_LINE,   /* in the line of those that are served */
  RQ_TURN_PARKED, /* it may not be sent to: back in the line when it may */
  RQ_TURN_STARVED /* it has no TCP connection and there is no place for one: in the line of those that wait for that */
};

/* Whose answer a slot has. */
enum rq_source { RQ_FROM_NETWORK, RQ_FROM_LOOKUP, RQ_FROM_CACHE };

typedef struct rq_list {
  uint32_t head, tail; /* RQ_NONE when it is empty */
} rq_list;

/* One lookup. */
typedef struct rq_slot {
  rq_lookup lookup;
  int64_t index;           /* of the input */
  int64_t sent_us, rtt_us; /* of the last query; of the reply that is kept */
  int64_t time_us;         /* wall clock when it finished */
  uint8_t *reply;          /* what is kept: in `store` or a block of its own; NULL for none */
  uint32_t reply_len, text_len;
  uint32_t next, prev; /* in the list that `state` names */
  uint32_t sock;       /* number of the UDP socket or, beyond those, of the connection */
  uint16_t id;
  uint16_t rcode;   /* of the reply that is kept */
  uint8_t state;    /* enum rq_slot_state */
  uint8_t repeated; /* times that the query was sent again */
  uint8_t source;   /* enum rq_source, of that reply */
  uint8_t aliased;  /* as rq_reply says of it; from the cache, where it may lead on */
  uint8_t stale;    /* from the cache, where it was too old */
  uint8_t looked;   /* the cache was asked in vain before */
  uint8_t leads;    /* in the table of questions in flight, or to be asked next: others may follow */
  uint8_t hops;     /* CNAMEs followed across answers; `asked` is the last one's target */
  uint8_t cookied;  /* the query over UDP went to a server that sends cookies: its answer must have ours */
  uint8_t mixed;    /* asked.name is not in the letter case of the input, but as `flips` has it */
  uint8_t paired;   /* the query over TCP goes beside one over UDP, which the next three tell of */
  uint16_t udp_id;
  uint32_t udp_sock;
  int64_t udp_sent_us;
  uint64_t hash;     /* of the name that is asked for, where questions are shared or cached */
  uint32_t same;     /* the next in its bucket of that table */
  rq_list followers; /* of a leader */
  uint8_t *chain;    /* with hops, what rq_chain_select wrote of the answers so far; a block of its own */
  uint32_t chain_len;
  rq_question asked;
  uint64_t flips[RQ_NAME_FLIPS]; /* see rq_name_flip */
  uint8_t store[RQ_STORE];       /* the input as given, then the reply */
} rq_slot;

typedef struct rq_server {
  rq_peer peer;
  char text[RQ_ADDR_TEXT];
  uint32_t group;   /* its UDP sockets */
  rq_list ready[2]; /* lookups to be sent, by enum rq_transport */
  uint32_t next[2]; /* in the line for that transport */
  uint8_t turn[2];  /* enum rq_turn */
  uint8_t alive;    /* answered over UDP since it last failed: only then are queries sent in runs, see fill() */
  rq_list links;    /* its connections, */
  uint32_t link_count;
  uint16_t pipeline; /* queries in flight on one connection at the most: what it was seen to take */
} rq_server;

/* A place for a UDP socket. */
typedef struct rq_sock {
  int fd;             /* -1: closed */
  uint32_t in_flight; /* lookups that wait on it */
  uint32_t left;      /* queries until it is replaced */
  int64_t until_us;   /* when it is replaced at the latest */
  uint8_t retired;    /* replaced; closes once nothing is in flight on it */
} rq_sock;

/* The sockets that serve one server, or one family of servers. Twice as many places as sockets in use: a retired one
 * lingers in its place while the new one works. */
typedef struct rq_group {
  const rq_peer *peer;       /* connected to it, or of its family */
  rq_list line;              /* servers with lookups to be sent over UDP */
  uint32_t first;            /* number of its first place */
  uint32_t use[64];          /* the places in use, conf.sockets of them */
  int64_t slice;             /* of time, RQ_SLICE_US each: when a query was sent last */
  uint32_t young[RQ_SLICES]; /* queries without an answer that were sent in this slice and the ones before it */
} rq_group;

/* Lists of connections: each is in one of its server while it is open, and in one of places unless it is in use. */
enum rq_link_list { RQ_LINK_SERVER, RQ_LINK_PLACE };

/* A place for a TCP connection, and the lookups that wait on it. */
typedef struct rq_link {
  rq_conn conn;
  rq_list waiting;           /* those lookups */
  uint32_t in_flight;        /* how many */
  uint32_t server;           /* whose it is */
  uint32_t answered;         /* replies accepted */
  uint32_t next[2], prev[2]; /* by enum rq_link_list */
  uint32_t next_dirty;
  uint8_t dirty; /* in the list of those with queries to be written */
  uint8_t stale; /* silent while a query timed out: gets no more */
} rq_link;

/* What rq_share.c needs. */
typedef struct rq_share {
  uint8_t on; /* something of it was asked for */
  uint8_t secret[16];
  uint32_t manner;          /* of a cache's keys */
  uint32_t *heads, mask;    /* table of questions in flight, by hash; linked by rq_slot.same */
  rq_list asking;           /* lookups that have begun and are to ask a question */
  uint8_t *found, *written; /* RQ_MESSAGE_MAX octets each: out of the cache, by rq_chain_select */
} rq_share;

struct rq_engine {
  const rq_sys *sys;
  rq_engine_conf conf;
  rq_policy policy;
  uint16_t query_flags;
  uint8_t options[RQ_OPTIONS_MAX]; /* conf.options points here */
  uint8_t segments;                /* the kernel takes runs of packets (UDP GSO) */
  uint8_t connected;               /* UDP sockets are: the kernel checks the source */
  uint8_t unsent;  /* something is ready but had no turn, or the kernel took no more: the next turn comes soon */
  uint8_t paces;   /* queries are counted, by server and in all: see rq_pace.c */
  uint8_t paused;  /* lookups wait to begin, for that reason; an event or a timer says when */
  uint8_t gathers; /* answers are left to gather before they are received */
  uint8_t late;    /* in this step: nobody served the network before it, see rq_engine_resume */
  int epoll;
  int entropy_error;       /* errno of getrandom, 0 while all is well */
  pid_t pid;               /* whose sockets these are */
  int64_t now_us, wall_us; /* of the present phase of a step */
  int64_t wanted_us;       /* when there is, or was, something to do again */
  int64_t sweep_us;        /* when idle connections are looked for again */

  rq_slot *slots;
  uint32_t *free_slots; /* a stack: the warm ones are used again first */
  uint32_t free_count;
  rq_list fresh, done;
  uint32_t *spread, fresh_count; /* with conf.spread: the fresh ones, in place of the list, */
  uint32_t *places; /* and where in there a slot is: apart from the slots, which would have to be fetched */
  rq_wheel wheel;   /* timers of slots, of servers, and one of `bucket` */
  rq_ids ids;
  rq_random random;

  rq_server *servers;
  rq_manner *manners;          /* one for each server */
  uint32_t server_count, turn; /* turn: where the next lookup begins, with conf.rotate, */
  uint32_t turn_left;          /* and so many more */
  rq_health *healths;          /* of the servers; NULL when nothing asks for them */
  rq_bucket bucket;            /* of queries to all servers together */
  uint32_t queued;             /* lookups to be sent, when `paces` */
  rq_group *groups;
  uint32_t group_count;
  rq_sock *socks;
  uint32_t sock_count, sock_quota;
  rq_link *links;
  uint32_t link_count, links_open, link_most; /* link_most: how many may be open, descriptors permitting */
  rq_list closed, idle;                       /* places of no connection; connections on which nobody waits */
  uint32_t dirty;                             /* the first connection with queries to be written */
  rq_list line, starved;                      /* servers with lookups to be sent over TCP, see enum rq_turn */
  rq_batch sending, receiving;
  rq_share share;
  rq_cache *cache;     /* shared with others, NULL for none */
  uint8_t as_received; /* the lookup of rq_query uses no cache and follows nothing */
  rq_stats stats;
};

/* --- rq_slot.c --- */

void rq_list_push(rq_engine *engine, rq_list *list, uint32_t i);
void rq_list_push_front(rq_engine *engine, rq_list *list, uint32_t i);
void rq_list_remove(rq_engine *engine, rq_list *list, uint32_t i);

/* Takes a slot for an input, which one must be free. A `flaw` makes it a row at once, and so does an answer in the
 * cache where it might have to wait for the pace. */
void rq_slot_add(rq_engine *engine, const uint8_t *text, uint32_t len, int flaw, const rq_question *asked,
                 int64_t index);

/* Has the processor fetch a slot that will be read soon, or that of a packet which will be judged soon: there are too
 * many of them for its caches. */
void rq_slot_fetch(const rq_engine *engine, uint32_t i);
void rq_slot_expect(const rq_engine *engine, uint32_t sock, const uint8_t *wire, uint32_t len);

/* Frees a finished slot. */
void rq_slot_release(rq_engine *engine, uint32_t i);

/* Begins fresh lookups while the limit of those in flight allows, and the pace. */
void rq_slots_start(rq_engine *engine);

/* Whether there are any, or others with a question to ask. */
static inline int rq_slots_wait(const rq_engine *engine) {
  return engine->fresh.head != RQ_NONE || engine->fresh_count > 0 || engine->share.asking.head != RQ_NONE;
}

/* Events: the slot is on the network, and is moved on as rq_lookup decides. */
void rq_slot_timer(rq_engine *engine, uint32_t i);
void rq_slot_failed(rq_engine *engine, uint32_t i, int error);
void rq_slot_reply(rq_engine *engine, uint32_t i, const uint8_t *wire, uint32_t len, const rq_reply *reply);

/* How long after a query over UDP to this server it is sent once more; only with conf.adapt. */
int64_t rq_slot_rto_us(const rq_engine *engine, uint32_t s);

/* If it waits to be sent, or for another one: its deadlines come so much later. */
void rq_slot_delay(rq_engine *engine, uint32_t i, int64_t by_us);

/* Gives it up, whatever its state. */
void rq_slot_cancel(rq_engine *engine, uint32_t i);

/* Sends the present query once more, as if it had not been sent. */
void rq_slot_again(rq_engine *engine, uint32_t i);

/* Gives up the query over TCP that goes beside one over UDP, if there is one: that one is waited for as before. */
void rq_slot_alone(rq_engine *engine, uint32_t i);

/* The end of a lookup, which was counted as in flight: it becomes a row. */
void rq_slot_done(rq_engine *engine, uint32_t i);

/* Whether a server is to be named with its end: the one whose answer it is, or that was asked last. */
static inline int rq_slot_has_server(const rq_slot *slot) {
  if (slot->lookup.status != RQ_OK) return slot->lookup.tries > 0;
  return slot->source != RQ_FROM_CACHE;
}

/* Keeps a reply, in place of one kept before; -1 when there is no memory. */
int rq_slot_keep(rq_slot *slot, const uint8_t *wire, uint32_t len);
void rq_slot_drop_reply(rq_slot *slot);

/* --- rq_slot_query.c --- */

/* The query that a slot sends. */
void rq_slot_spec(const rq_engine *engine, const rq_slot *slot, rq_query_spec *spec);

/* Draws what tells the next query of slot `i` from others: an ID that is free on this socket, which is entered, letter
 * case over UDP, a client cookie for a server that has none. 0 when no ID was found. */
int rq_slot_draw_id(rq_engine *engine, uint32_t i, uint32_t sock);

/* A message from socket or connection `sock` (the right source, where `from` is NULL): to its slot, or counted and
 * dropped. 1 if a slot accepted it. */
int rq_slot_packet(rq_engine *engine, uint32_t sock, const rq_peer *from, const uint8_t *wire, uint32_t len);

/* The name that is asked for gets the letter case of the input again. */
void rq_slot_restore_case(rq_slot *slot);

/* --- rq_pace.c --- */

/* Allocates what the settings ask for. 0 or -ENOMEM. */
int rq_pace_make(rq_engine *engine);
void rq_pace_drop(rq_engine *engine);

/* Timers of servers and of the bucket, behind those of the slots. */
uint32_t rq_pace_timers(const rq_engine *engine);
void rq_pace_timer(rq_engine *engine, uint32_t number);

/* Whether lookups that are given now may be held back: by a limit that was set, or a rate that was learned. */
static inline int rq_pace_holds(const rq_engine *engine) {
  const rq_engine_conf *conf = &engine->conf;
  return engine->paused || conf->rate > 0 || conf->server_rate > 0 || conf->server_flight > 0;
}

/* Whether a lookup may begin, at the server *first or the one that is then named there. If not, a timer or an answer
 * will tell when to ask again. */
int rq_pace_begin(rq_engine *engine, uint32_t *first);

/* A lookup begins at server `s`: where the next one shall. Of many servers each has some lookups in a row, and over TCP
 * no more of them take turns than may have connections. */
void rq_pace_turn(rq_engine *engine, uint32_t s);

/* Puts a slot into its server's list, or takes it out of it; it was not sent. */
void rq_pace_queue(rq_engine *engine, uint32_t i);
void rq_pace_unqueue(rq_engine *engine, uint32_t i);

/* The server at the head of a line that has lookups to be sent and may be sent some, *room of them at the most; RQ_NONE
 * when there is none. Those before it leave the line. */
uint32_t rq_pace_next(rq_engine *engine, rq_list *line, int transport, uint32_t most, uint32_t *room);

/* The server at the head goes to the end of the line. */
void rq_pace_rotate(rq_engine *engine, rq_list *line, int transport);

/* The server at the head of the TCP line leaves it until rq_pace_return, because its connections are full; or until
 * rq_pace_feed, because there is no place for one: that brings back the first of these. */
void rq_pace_park(rq_engine *engine);
void rq_pace_return(rq_engine *engine, uint32_t s, int transport);
void rq_pace_starve(rq_engine *engine);
void rq_pace_feed(rq_engine *engine);

/* So many queries were taken off a server's list and sent; one of them was not, and is at the head of the list again;
 * one is no longer in flight; and is again. */
void rq_pace_sent(rq_engine *engine, uint32_t s, uint32_t count);
void rq_pace_unsent(rq_engine *engine, uint32_t i);
void rq_pace_left(rq_engine *engine, uint32_t s);
void rq_pace_back(rq_engine *engine, uint32_t s);

/* What came of a query in flight: an answer, or none. */
void rq_pace_answer(rq_engine *engine, uint32_t i, uint16_t rcode);
void rq_pace_loss(rq_engine *engine, uint32_t i);

/* An attempt to reach server `s` failed with this errno. */
void rq_pace_failed(rq_engine *engine, uint32_t s, int error);

/* Whether a query in flight may be sent once more. */
int rq_pace_repeat(rq_engine *engine, uint32_t i);

/* --- rq_share.c --- */

/* 0 or a negative errno. */
int rq_share_make(rq_engine *engine);
void rq_share_free(rq_engine *engine);

/* The slot has another name to ask for. */
void rq_share_note(rq_engine *engine, uint32_t i);

/* A lookup in no list, whose question is to be asked. 1: it needs no query of its own, and was finished or waits for
 * another; 0: it needs one. */
int rq_share_join(rq_engine *engine, uint32_t i);

/* The same for one that is given now, where it might have to wait for the pace. */
int rq_share_arrive(rq_engine *engine, uint32_t i);

/* After that: its query is sent now, and others may follow it. */
void rq_share_lead(rq_engine *engine, uint32_t i);

/* A lookup that is off the network, and was counted as in flight, is over: its answer is given to those that follow it,
 * and kept in the cache; what is too old takes a failure's place, else the first that follows is to ask next. 1: it
 * goes on, with another question; 0: it is to become a row. */
int rq_share_end(rq_engine *engine, uint32_t i);

/* A lookup in RQ_SLOT_FOLLOW or RQ_SLOT_ASKING leaves its list, and counts as in flight for its end. */
void rq_share_leave(rq_engine *engine, uint32_t i);

/* Forgets the answers of earlier hops. */
void rq_share_drop(rq_slot *slot);

/* --- rq_engine_udp.c --- */

/* Opens all sockets. 0 or a negative errno, for lack of resources alone: a server that cannot be reached is its
 * lookups' concern. */
int rq_udp_begin(rq_engine *engine);
void rq_udp_end(rq_engine *engine);

/* Sends what is ready. */
void rq_udp_send(rq_engine *engine);

/* Receives from one socket, and its errors. */
void rq_udp_event(rq_engine *engine, uint32_t sock, uint32_t events);

/* Before the end of a try: the timer of a slot that was set for its repeat. Sends it once more, if it was sent for long
 * enough and may be, and sets the timer anew. */
void rq_udp_repeat(rq_engine *engine, uint32_t i);

/* A lookup no longer waits on its socket. */
void rq_udp_leave(rq_engine *engine, uint32_t i);

/* --- rq_engine_tcp.c --- */

/* Makes places for connections, all closed. 0 or -ENOMEM. */
int rq_tcp_make(rq_engine *engine);
void rq_tcp_end(rq_engine *engine);

/* Sends what is ready and finds a place, closes what is idle. */
void rq_tcp_send(rq_engine *engine);

/* Receives from one connection, and moves it on. */
void rq_tcp_event(rq_engine *engine, uint32_t number, uint32_t events);

/* A lookup no longer waits on the connection; `silent`: because its try timed out. */
void rq_tcp_leave(rq_engine *engine, uint32_t i, int silent);

/* --- rq_engine.c --- */

/* rq_engine_new, on other system calls than the kernel's; `sys` is borrowed for the engine's life. */
rq_engine *rq_engine_make(const rq_engine_conf *conf, const rq_addr *servers, uint32_t server_count, const rq_sys *sys,
                          int32_t *status, int32_t *error);

/* The caller is here again: reads the clocks. What waits to be sent could not be while the caller was busy elsewhere:
 * that is no part of its time. */
void rq_engine_resume(rq_engine *engine);

/* What a finished slot tells; it points into the slot and the engine. */
void rq_engine_row(const rq_engine *engine, uint32_t i, rq_row *row);

/* Registers a descriptor with epoll under its number, or changes what is waited for. 0 or a negative errno. */
int rq_engine_watch(rq_engine *engine, int fd, uint32_t number, uint32_t events);
void rq_engine_rewatch(rq_engine *engine, int fd, uint32_t number, uint32_t events);
void rq_engine_unwatch(rq_engine *engine, int fd);

#endif
