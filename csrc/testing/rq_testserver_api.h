/* rq_testserver_api.h: what resquery.testing sees of the loopback server's fast answer loop. Handed to ffi.cdef() like
 * rq_api.h; nothing outside resquery.testing may use it.
 *
 * The loop answers what it is sure of from a table of ready-made answers, and hands everything else (scripted faults,
 * wildcards, delegations, odd queries) to Python. Functions may be called from several threads at once, except that one
 * thread at a time may serve and none may use a server that is being freed. SPDX-License-Identifier: MIT */

#define RQ_TS_BATCH 64       /* queries taken from a socket at once, and most handed over by one rq_ts_serve */
#define RQ_TS_QUERY_MAX 4096 /* octets of a query that are kept; the rest of a longer one is cut off */
#define RQ_TS_UDP_MAX 4096   /* octets of the largest UDP answer; a larger one is sent truncated */
#define RQ_TS_SOCKETS 2048   /* most UDP sockets of a server */
#define RQ_TS_NODE 0         /* the rrtype of an entry that stands for the name itself, see rq_ts_add */

/* What the loop may not decide alone about a name (rq_ts_head.ask). */
enum rq_ts_ask {
  RQ_TS_ASK_HERE = 1, /* questions for this name that no entry answers */
  RQ_TS_ASK_BELOW = 2 /* questions for missing names of which this is the closest existing ancestor */
};

/* What stands before the records of a ready-made answer. */
typedef struct rq_ts_head {
  uint16_t rrtype;
  uint16_t flags;     /* of the header, set in addition to QR: AA and the rcode */
  uint16_t counts[3]; /* records: answer, authority, additional */
  uint8_t ask;        /* enum rq_ts_ask, of RQ_TS_NODE entries */
} rq_ts_head;

/* A query as it came. */
typedef struct rq_ts_query {
  int64_t time_ns; /* monotonic clock */
  rq_addr client;
  uint8_t transport; /* enum rq_transport */
  uint16_t socket;   /* UDP: index of the socket, in the order of rq_ts_listen */
  uint32_t len;      /* octets kept */
  uint8_t octets[RQ_TS_QUERY_MAX];
} rq_ts_query;

/* What a query says: in the log, and for Python's own answers. */
typedef struct rq_ts_seen {
  int64_t time_ns;
  uint16_t id, flags, rrtype, rrclass, port;
  uint16_t payload; /* EDNS: what the client takes over UDP */
  uint8_t has_edns, edns_version, dnssec_ok;
  uint8_t plain;             /* one question, at most an EDNS version 0 record, nothing else */
  uint8_t transport, family; /* enum rq_transport; 4 or 6 */
  uint16_t question_len;     /* octets of the question; 0 when none could be read, and the fields of it are 0 too */
  uint8_t name_len;
  uint8_t name[RQ_NAME_MAX]; /* wire format, case as sent */
} rq_ts_seen;

typedef struct rq_ts_counts {
  uint64_t queries[2]; /* by enum rq_transport */
  uint64_t answered;   /* by the loop itself, over UDP */
  uint64_t handed;     /* given to Python, over UDP */
  uint64_t lost;       /* not looked at, see rq_ts_lose */
} rq_ts_counts;

typedef struct rq_ts rq_ts;

/* A server without sockets and with an empty table. It wakes up for good when `wake_fd` becomes readable. NULL: no
 * memory. */
rq_ts *rq_ts_new(int32_t wake_fd);

/* NULL is allowed. Closes no file descriptor. */
void rq_ts_free(rq_ts *server);

/* Serves a bound UDP socket too, which stays the caller's and must outlive the server. Failure: RQ_BAD_ARGUMENT (too
 * many, or not bound to a loopback address), RQ_NETWORK. */
int32_t rq_ts_listen(rq_ts *server, int32_t fd);

/* Puts an answer into the table. `name` is in wire format, uncompressed. `body` is what follows the question: records
 * that may point back at the question's name (offset 12) and at each other. An entry of type RQ_TS_NODE says that the
 * name exists; its body (the zone's SOA) answers questions for types that have no entry, and with NXDOMAIN questions
 * for missing names below. A second answer for the same name and type replaces the first. Failure: RQ_MALFORMED (the
 * name), RQ_NO_MEMORY. */
int32_t rq_ts_add(rq_ts *server, const uint8_t *name, uint32_t name_len, const rq_ts_head *head, const uint8_t *body,
                  uint32_t body_len);

/* Answers A questions for every name below `suffix` with one address made from the name (in 198.18.0.0/15, RFC 2544),
 * other types with no data. Entries of the table come first. Failure: RQ_MALFORMED. */
int32_t rq_ts_synthesize(rq_ts *server, const uint8_t *suffix, uint32_t len, uint32_t ttl);

/* Hands over every question for `name` (on = 1), or no longer. Failure: RQ_MALFORMED, RQ_NO_MEMORY. */
int32_t rq_ts_mark(rq_ts *server, const uint8_t *name, uint32_t len, uint8_t on);

/* Hands over every query (on = 1), or no longer. */
void rq_ts_ask_all(rq_ts *server, uint8_t on);

/* Holds back each answer of the loop for so long. Up to 32,768 wait; while so many do, no further query is read.
 * To be set before serving. Failure: RQ_NO_MEMORY. */
int32_t rq_ts_delay(rq_ts *server, uint32_t delay_us);

/* Gives a share of the queries over UDP, `per_million` of a million, neither an answer nor a place in the log; which
 * ones follows from `seed`. To be set before serving. */
void rq_ts_lose(rq_ts *server, uint32_t per_million, uint64_t seed);

/* Keeps the first `max` queries from now on. Failure: RQ_NO_MEMORY. */
int32_t rq_ts_log(rq_ts *server, uint32_t max);

/* Copies up to `max` logged queries, from number `first` on; returns how many. */
int32_t rq_ts_log_read(rq_ts *server, uint32_t first, rq_ts_seen *out, uint32_t max);

/* Receives and answers for at most `wait_ms`; returns as soon as there are queries to hand over: how many, stored in
 * `handed`, which has room for RQ_TS_BATCH. Failure: RQ_NETWORK. */
int32_t rq_ts_serve(rq_ts *server, uint32_t wait_ms, rq_ts_query *handed);

/* The table's answer to a query, whether or not its name is marked: at most `limit` octets and what an EDNS record or
 * its absence allows over UDP, truncated with TC beyond. Returns its octets, or 0 when the table is not sure. */
int32_t rq_ts_reply(rq_ts *server, const rq_ts_query *query, uint32_t limit, uint8_t *out, uint32_t cap);

/* What the query says. */
void rq_ts_read(const rq_ts_query *query, rq_ts_seen *seen);

/* Counts and logs a query that came another way than through rq_ts_serve. */
void rq_ts_note(rq_ts *server, const rq_ts_query *query);

void rq_ts_count(rq_ts *server, rq_ts_counts *counts);
