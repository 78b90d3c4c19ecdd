/* rq_api.h: all that Python sees of the C core: types, limits, prototypes and their contracts.
 *
 * This file is real C within what cffi can parse, and build_ext.py hands it verbatim to ffi.cdef(); C files reach
 * it through resquery.h. Contracts that hold everywhere:
 *   - a function given `out`, `cap` and `actual` writes at most `cap` octets, returns min(actual, cap), and stores the
 *     whole length in *actual. `cap` 0 with a null `out` is allowed. A failure returns a negative rq_status.
 *   - input is borrowed for the call, never kept, never written. Integers are in host order, durations in the unit
 * named. SPDX-License-Identifier: MIT */

#define RQ_NAME_MAX 255      /* octets of a name in wire format, root label included (RFC 1035, 2.3.4) */
#define RQ_TEXT_MAX 1024     /* octets that hold any name as text: 4 for each octet of wire, and to spare */
#define RQ_MESSAGE_MAX 65535 /* octets of the largest DNS message (RFC 1035, 4.2.2) */
#define RQ_UDP_PAYLOAD 1232  /* EDNS payload size that is advertised: passes unfragmented (RFC 9715) */
#define RQ_ADDR_TEXT 80      /* octets that hold any rq_addr as text, NUL included */
#define RQ_CONF_SERVERS 8    /* nameserver lines that are read from a resolv.conf; more are ignored */
#define RQ_CONF_SEARCH 2048  /* octets for the search list of a resolv.conf, names separated by one space */
#define RQ_RCODES 24         /* rcodes counted one by one in rq_stats; a higher one counts under the last */
#define RQ_STATUSES 16       /* statuses counted one by one in rq_stats, index -status */
#define RQ_CUT 4096          /* rq_msg_check: the message ends early; an rcode has 12 bits */
#define RQ_DROPS 16          /* reasons for a dropped packet, see enum rq_verdict */
#define RQ_OPTIONS_MAX 512   /* octets of EDNS options that every query of an engine may carry */

/* How a call or a lookup ended. Success is 0 or a count. */
enum rq_status {
  RQ_OK = 0,
  RQ_TIMEOUT = -1,       /* no acceptable answer before the deadline */
  RQ_TRUNCATED = -2,     /* the message ends before its last record; or TC over TCP */
  RQ_ILLEGAL_INPUT = -3, /* the name (or other text) breaks a rule; see enum rq_flaw */
  RQ_MALFORMED = -4,     /* octets that are no DNS message */
  RQ_NETWORK = -5,       /* a system call failed; the errno is told apart */
  RQ_NO_MEMORY = -6,
  RQ_CANCELLED = -7,
  RQ_BAD_ARGUMENT = -8, /* misuse: a null pointer, a limit out of range */
  RQ_PENDING = -9,      /* not finished yet: step again */
  RQ_TOO_LARGE = -10,   /* a column of a batch would exceed 2^31-2 octets or records */
  RQ_CNAME_LOOP = -11   /* a chain of CNAMEs across answers loops, or has more hops than allowed */
};

/* Why a name was refused (rq_name_flaw). */
enum rq_flaw {
  RQ_FLAW_NONE = 0,
  RQ_FLAW_EMPTY = 1,       /* no octet at all */
  RQ_FLAW_EMPTY_LABEL = 2, /* two dots in a row, or a leading dot */
  RQ_FLAW_LONG_LABEL = 3,  /* a label of more than 63 octets (RFC 1035, 2.3.4) */
  RQ_FLAW_LONG_NAME = 4,   /* more than 255 octets in wire format */
  RQ_FLAW_ESCAPE = 5,      /* \ at the end, \DDD above 255 or with fewer than three digits */
  RQ_FLAW_OCTET =
      6 /* an unescaped space, control character or octet outside ASCII: IDNA-encode the name, or escape it */
};

enum rq_transport { RQ_UDP = 0, RQ_TCP = 1 };

/* What became of a packet that was received. Anything but ACCEPT is counted by reason and dropped (RFC 5452, 9.1). */
enum rq_verdict {
  RQ_ACCEPT = 0,
  RQ_DROP_SHORT = 1,     /* fewer than 12 octets */
  RQ_DROP_SOURCE = 2,    /* from another address or port than was asked */
  RQ_DROP_ID = 3,        /* no lookup in flight has this ID on this socket */
  RQ_DROP_NOT_REPLY = 4, /* QR clear */
  RQ_DROP_OPCODE = 5,
  RQ_DROP_QUESTION = 6,  /* another question than was asked, or not exactly one */
  RQ_DROP_MALFORMED = 7, /* the question does not parse */
  RQ_DROP_LARGE = 8,     /* none any more: an answer larger than the receive buffer is asked for over TCP */
  RQ_DROP_CASE = 9,      /* the question in other letter case than was asked */
  RQ_DROP_COOKIE = 10    /* our cookie is missing or wrong (RFC 7873, 5.3) */
};

/* Formats in which finished lookups are drained. */
enum rq_format { RQ_MSGPACK = 0, RQ_NDJSON = 1, RQ_NDJSON_RFC8427 = 2, RQ_NDJSON_MASSDNS = 3 };

/* Styles of a message as text. */
enum rq_text_style {
  RQ_TEXT_SHORT = 1,    /* the data of the answer section alone, one record on a line: dig +short */
  RQ_TEXT_MULTILINE = 2 /* long data in lines between parentheses, with comments: dig +multiline */
};

/* Shapes of a message in JSON. */
enum rq_json_shape {
  RQ_JSON_ZDNS = 0,    /* the `data` of a zdns result */
  RQ_JSON_RFC8427 = 1, /* the message object of RFC 8427 */
  RQ_JSON_MASSDNS = 2  /* a line of massdns' ndjson output, without what a message does not tell */
};

/* Numbers that have names, beside RR types. */
enum rq_codes { RQ_CODES_CLASS = 0, RQ_CODES_RCODE = 1, RQ_CODES_OPCODE = 2, RQ_CODES_EXTENDED_ERROR = 3 };

/* The tables of layouts: RR types, EDNS options, service parameters. */
enum rq_table { RQ_TABLE_TYPES = 0, RQ_TABLE_OPTIONS = 1, RQ_TABLE_PARAMS = 2 };

/* What a batch of columns has a row for; its columns are listed in render/rq_sheet.c. */
enum rq_columns_kind { RQ_COLUMNS_MESSAGES = 0, RQ_COLUMNS_LOOKUPS = 1 };

/* PyCapsules of the Arrow PyCapsule interface. */
enum rq_capsule { RQ_CAPSULE_SCHEMA = 0, RQ_CAPSULE_ARRAY = 1, RQ_CAPSULE_STREAM = 2 };

/* Columns that are only there when asked for. */
enum rq_with { RQ_WITH_AUTHORITY = 1u, RQ_WITH_ADDITIONAL = 2u, RQ_WITH_WIRE = 4u };

/* A server's address. */
typedef struct rq_addr {
  uint8_t family;     /* 4 or 6 */
  uint8_t octets[16]; /* network order; the first four for IPv4 */
  uint16_t port;
  uint32_t scope; /* IPv6 zone index, 0 for none */
} rq_addr;

/* What resolv.conf(5) says. */
typedef struct rq_conf {
  rq_addr servers[RQ_CONF_SERVERS];
  uint32_t server_count;
  char search[RQ_CONF_SEARCH]; /* NUL-terminated, names separated by one space; from `search` or `domain` */
  uint32_t ndots, timeout_s, attempts;
  uint8_t rotate, use_vc, edns0, trust_ad;
} rq_conf;

/* What a message says without its records. */
typedef struct rq_summary {
  uint16_t id, flags; /* flags: the second 16 bits of the header, as sent */
  uint16_t rcode;     /* with the upper bits of an OPT record, if there is one (RFC 6891, 6.1.3) */
  uint16_t counts[4]; /* records that are whole: question, answer, authority, additional (OPT included) */
  uint32_t length;    /* octets up to the end of the last whole record */
  int32_t status;     /* RQ_OK, RQ_TRUNCATED or RQ_MALFORMED */
} rq_summary;

/* What rq_query tells beside the octets. */
typedef struct rq_answer {
  uint32_t actual;   /* octets of the whole answer */
  int32_t status;    /* RQ_OK, or why there is no answer */
  int32_t error;     /* errno when status is RQ_NETWORK, rq_flaw when it is RQ_ILLEGAL_INPUT, else 0 */
  int32_t server;    /* index into the engine's servers, -1 for none */
  uint8_t transport; /* enum rq_transport */
  uint8_t tries;     /* queries sent */
  uint8_t answered;  /* its answer section answers the question, by way of the CNAME chain (rq_chain_answers) */
  uint16_t rcode;    /* of the answer, with the upper bits of OPT; 0 when there is none */
  int64_t rtt_us;    /* from the last query to its answer, -1 for none */
} rq_answer;

/* Limits and manners of an engine. All of it is fixed for its life. */
typedef struct rq_engine_conf {
  uint32_t slots;           /* lookups held at once, finished ones not yet drained included: 1..65536 */
  uint32_t max_in_flight;   /* of these, lookups on the network: 1..slots */
  uint32_t timeout_ms;      /* a lookup ends by then, absence of the caller aside (rq_engine_step): 1..3600000 */
  uint32_t try_ms;          /* a try is given up by then: 1..timeout_ms */
  uint32_t tries;           /* queries sent for a lookup at the most, all servers together: 1..100 */
  uint8_t transport;        /* RQ_UDP (TCP after TC) or RQ_TCP (TCP only) */
  uint8_t edns;             /* send an OPT record (RFC 6891), payload RQ_UDP_PAYLOAD */
  uint8_t dnssec_ok;        /* set DO in it */
  uint8_t recurse;          /* set RD */
  uint8_t authentic;        /* set AD: tell us whether you validated (RFC 6840, 5.7) */
  uint8_t rotate;           /* begin each lookup at the next server; otherwise at the first */
  uint8_t sockets;          /* UDP sockets for each server; with more than 16 servers for each address family: 1..64 */
  uint8_t mixed_case;       /* over UDP, ask in random letter case and accept no other */
  uint8_t cookies;          /* send DNS cookies (RFC 7873) with EDNS */
  uint8_t share;            /* identical questions in flight share one query; each gets its row */
  uint8_t spread;           /* begin lookups in random order, so that names of one zone do not come in a row */
  uint8_t adapt;            /* pace: less for who loses or refuses queries, nothing for who is silent or refuses all */
  uint8_t hops;             /* CNAMEs followed across answers, 0..16; 0: an answer is what one server said */
  uint32_t server_flight;   /* lookups on the network at one server: 1..slots, 0 for no limit */
  double rate, server_rate; /* queries a second to all servers together, and to one: 0 for no limit, 1e9 at the most. A
                               lookup that waits for either, or for server_flight, has not begun: no time of it runs */
  uint16_t options_len;     /* octets of `options`, at most RQ_OPTIONS_MAX */
  const uint8_t *options;   /* EDNS options in wire format for every query with OPT, not looked at; copied */
} rq_engine_conf;

/* Totals since the engine was made. inputs == rows + what is still held. */
typedef struct rq_stats {
  uint64_t inputs, rows;          /* lookups submitted; lookups drained */
  uint64_t queries[2];            /* sent, by enum rq_transport */
  uint64_t received[2];           /* answers accepted, by enum rq_transport */
  uint64_t tries;                 /* queries of finished lookups */
  uint64_t rcodes[RQ_RCODES];     /* finished lookups with an answer, by rcode */
  uint64_t statuses[RQ_STATUSES]; /* finished lookups, by -status; [0] are those with an answer */
  uint64_t dropped[RQ_DROPS];     /* packets, by enum rq_verdict */
  uint64_t tcp_connects;
  uint64_t repeats;    /* queries sent again within their try, as the server usually answers sooner; also in queries */
  uint64_t distrusted; /* queries over TCP because an answer over UDP failed the check of its case or cookie */
  uint64_t shared;     /* lookups that were answered by another lookup's query */
  uint64_t cached, stale;             /* lookups answered by the cache; of these, with what had expired (RFC 8767) */
  uint64_t benched;                   /* times that a server was left out: it was silent or refused all */
  uint32_t held, in_flight, finished; /* now: slots in use; on the network; waiting to be drained */
} rq_stats;

/* Limits of a cache. */
typedef struct rq_cache_conf {
  uint32_t entries;              /* answers held at the most: 1..2^24 */
  uint64_t octets;               /* memory for them */
  uint32_t ttl_min_s, ttl_max_s; /* an answer lives as long as its TTLs say, within these */
  uint32_t negative_max_s;       /* and NXDOMAIN or NODATA no longer than this (RFC 2308, 5) */
  uint32_t stale_s;              /* for so long after that it may stand in for a failure (RFC 8767); 0: never */
} rq_cache_conf;

/* Totals since the cache was made, and what it holds now. Of the hits, `stale` are with what was too old. */
typedef struct rq_cache_stats {
  uint64_t hits, misses, stale, stored, evicted, expired; /* evicted: to make room; expired: found too old to serve */
  uint64_t octets;
  uint32_t entries;
} rq_cache_stats;

typedef struct rq_engine rq_engine;
typedef struct rq_cache rq_cache;
typedef struct rq_columns rq_columns;

/* The Arrow C data interface and C stream interface, as the Arrow project publishes them. */
struct ArrowSchema;
struct ArrowArray;
struct ArrowArrayStream;

/* --- names and types ------------------------------------------------------------------------------------------- */

/* Text of a name -> wire format, uncompressed. Escapes \X and \DDD (RFC 4343, 2.1); a name without a final dot is
 * taken as absolute. Failure: RQ_ILLEGAL_INPUT; rq_name_flaw tells why. */
int32_t rq_name_to_wire(const char *text, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual);

/* Wire format (uncompressed, one name, nothing after it) -> text with a final dot. Failure: RQ_MALFORMED. */
int32_t rq_name_to_text(const uint8_t *wire, uint32_t len, char *out, uint32_t cap, uint32_t *actual);

/* Why `text` is no name: enum rq_flaw, RQ_FLAW_NONE if it is one. */
int32_t rq_name_flaw(const char *text, uint32_t len);

/* "MX", "mx", "TYPE15" -> 15. Failure: RQ_ILLEGAL_INPUT. */
int32_t rq_type_number(const char *text, uint32_t len);

/* 15 -> "MX"; an unknown number -> "TYPE65280" (RFC 3597, section 5). */
int32_t rq_type_name(uint16_t number, char *out, uint32_t cap, uint32_t *actual);

/* The name of a number of enum rq_codes, as text and JSON show it; no octets when it has none. RQ_BAD_ARGUMENT for
 * other codes. */
int32_t rq_code_name(int32_t codes, uint16_t number, char *out, uint32_t cap, uint32_t *actual);

/* The tables of layouts, for tests and tools: row `row` of enum rq_table, or RQ_BAD_ARGUMENT past its end. The first
 * line is "number shape mnemonic", the next are "kind name" or "kind name zdns-name", one for each field in order. */
int32_t rq_table_row(int32_t table, uint32_t row, char *out, uint32_t cap, uint32_t *actual);

/* --- messages -------------------------------------------------------------------------------------------------- */

/* A query with one question. `flags` as in the header; `payload` 0 sends no OPT record, else its UDP payload size;
 * `dnssec_ok` sets DO, `options` are what it holds: EDNS options in wire format, which are not looked at. Failure:
 * RQ_ILLEGAL_INPUT (the name). */
int32_t rq_make_query(const char *name, uint32_t len, uint16_t rrtype, uint16_t rrclass, uint16_t id, uint16_t flags,
                      uint16_t payload, uint8_t dnssec_ok, const uint8_t *options, uint16_t options_len, uint8_t *out,
                      uint32_t cap, uint32_t *actual);

/* Checks a whole message. Returns its rcode, with the upper bits of an OPT record if there is one (RFC 6891, 6.1.3),
 * plus RQ_CUT when the octets end before the last entry that the header counts. Failure: RQ_MALFORMED when there is no
 * header or an entry cannot be one; rq_msg_open tells where. */
int32_t rq_msg_check(const uint8_t *wire, uint32_t len);

/* Walks every record and tells what it found; never reads past `len`. Returns summary->status. */
int32_t rq_msg_open(const uint8_t *wire, uint32_t len, rq_summary *summary);

/* A message as MessagePack: [questions, answers, authorities, additionals, edns|nil, rcode], the Sections of types.py,
 * with all entries that are whole. Failure: RQ_MALFORMED when there is no header. */
int32_t rq_msg_pack(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual);

/* The same for a reader that takes `out` as a whole: a seventh item follows, a bin that is the rest of `out`, whatever
 * it holds. Returns 0, or how many octets this takes when that is more than `cap`. Failure: RQ_TRUNCATED or
 * RQ_MALFORMED when not all entries are whole. Only after 0 is `out` of any use. */
int32_t rq_msg_fill(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap);

/* The message as dig prints it, in a style of enum rq_text_style (0 for none), with all records that are whole.
 * Failure: RQ_MALFORMED when there is no header. */
int32_t rq_msg_text(const uint8_t *wire, uint32_t len, uint32_t style, char *out, uint32_t cap, uint32_t *actual);

/* The message as JSON in a shape of enum rq_json_shape, with all records that are whole. Failure: RQ_MALFORMED when
 * there is no header, RQ_BAD_ARGUMENT for another shape. */
int32_t rq_msg_json(const uint8_t *wire, uint32_t len, int32_t shape, char *out, uint32_t cap, uint32_t *actual);

/* RDATA (names uncompressed) as presentation text; unknown types and ill-fitting RDATA as \# (RFC 3597, section 5). */
int32_t rq_rdata_text(uint16_t rrtype, const uint8_t *rdata, uint32_t len, char *out, uint32_t cap, uint32_t *actual);

/* --- columns -------------------------------------------------------------------------------------------------------
 * Rows as an Arrow record batch, filled and exported here; one row for every input. Index, status, ... are listed in
 * render/rq_sheet.c. Functions that add rows return RQ_OK, or RQ_NO_MEMORY, RQ_TOO_LARGE or RQ_BAD_ARGUMENT (also once
 * the columns were exported); rows added before the failure stay. One thread at a time adds rows; the rest is safe from
 * any thread.
 */

/* Columns of `kind` (enum rq_columns_kind), with those that `with` (enum rq_with) asks for. `rows` is how many lookups
 * are expected, 0 for messages; `limit` bounds octets and records of a column, 2^31-2 in any case. NULL: no memory. */
rq_columns *rq_columns_new(int32_t kind, uint32_t with, uint32_t rows, uint32_t limit);

/* Lets go of them: what was exported keeps them. NULL is allowed. */
void rq_columns_free(rq_columns *columns);

uint32_t rq_columns_rows(const rq_columns *columns);

/* Octets of memory that the rows take. */
uint64_t rq_columns_octets(const rq_columns *columns);

/* Messages that stand one after another in `octets`: `count` of these lengths, -1 for a null entry. They must add up to
 * `len`. */
int32_t rq_columns_joined(rq_columns *columns, const uint8_t *octets, uint64_t len, const int32_t *lengths,
                          uint32_t count);

/* Messages between count + 1 offsets into `octets`, which must not decrease nor exceed `len`. */
int32_t rq_columns_split(rq_columns *columns, const uint8_t *octets, uint64_t len, const int64_t *offsets,
                         uint64_t count);

/* Messages of a binary, large_binary or binary_view column in the C data interface, which is borrowed; a stream is read
 * to its end, not released. Also RQ_ILLEGAL_INPUT (another type; `about` tells its format) and RQ_NETWORK (the stream
 * failed; `about` tells its message). `about` has room for `cap` octets, NUL included. */
int32_t rq_columns_read_array(rq_columns *columns, const struct ArrowSchema *schema, const struct ArrowArray *array,
                              char *about, uint32_t cap);
int32_t rq_columns_read_stream(rq_columns *columns, struct ArrowArrayStream *stream, char *about, uint32_t cap);

/* Structs of the C data interface, for a consumer to move out of; NULL: no memory. A stream gives one batch. */
struct ArrowSchema *rq_columns_schema(int32_t kind, uint32_t with);
struct ArrowArray *rq_columns_array(rq_columns *columns);
struct ArrowArrayStream *rq_columns_stream(rq_columns *columns);

/* Release what was not moved out of them, and free them. NULL is allowed. */
void rq_schema_drop(struct ArrowSchema *schema);
void rq_array_drop(struct ArrowArray *array);
void rq_stream_drop(struct ArrowArrayStream *stream);

/* The same as destructors of PyCapsules, and the names of these (enum rq_capsule), constant for good. */
const char *rq_capsule_name(int32_t which);
void rq_capsule_drop_schema(void *capsule);
void rq_capsule_drop_array(void *capsule);
void rq_capsule_drop_stream(void *capsule);

/* Memory that all of this holds now: blocks and octets. */
void rq_columns_live(int64_t *blocks, int64_t *octets);

/* --- values back to octets --------------------------------------------------------------------------------------- */

/* A value of a table (enum rq_table) as MessagePack, [number, field, ...] or [-1, number, octets] as rq_msg_fill writes
 * it -> RDATA, or an EDNS option or service parameter with its number and length before it. Names are not compressed.
 * What is written reads back as the same value. Failure: RQ_ILLEGAL_INPUT, and *actual is the place of the field that
 * cannot be written, from 1, or 0 when it is no single one; RQ_BAD_ARGUMENT for another table. */
int32_t rq_value_unpack(int32_t table, const uint8_t *pack, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual);

/* [name, type, class, ttl, RDATA as above] -> a record. Otherwise as rq_value_unpack. */
int32_t rq_record_unpack(const uint8_t *pack, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual);

/* --- configuration ---------------------------------------------------------------------------------------------- */

/* "9.9.9.9", "127.0.0.1:5301", "::1", "[::1]:53", "fe80::1%2" -> address; the port is 53 unless given.
 * Failure: RQ_ILLEGAL_INPUT. */
int32_t rq_addr_parse(const char *text, uint32_t len, rq_addr *addr);

/* Address -> "127.0.0.1:5301", "[::1]:53". */
int32_t rq_addr_text(const rq_addr *addr, char *out, uint32_t cap, uint32_t *actual);

/* The text of a resolv.conf(5) -> conf. What is not understood is skipped, as resolvers do; never fails. With no
 * usable nameserver line the count is 0 and the caller decides (libc asks 127.0.0.1). */
void rq_conf_parse(const char *text, uint32_t len, rq_conf *conf);

/* --- the engine: many lookups at once ---------------------------------------------------------------------------- */

/* An engine, or NULL with *status (RQ_BAD_ARGUMENT, RQ_NO_MEMORY or RQ_NETWORK) and *error (errno) set. Servers are
 * copied. One thread at a time may use it. */
rq_engine *rq_engine_new(const rq_engine_conf *conf, const rq_addr *servers, uint32_t server_count, int32_t *status,
                         int32_t *error);

/* Drops every lookup, closes every socket. NULL is allowed. */
void rq_engine_free(rq_engine *engine);

/* Names as an Arrow string column (`offsets` has count + 1 entries into `octets`); each is looked up for each of the
 * `type_count` types, and its rows carry index `first + i`. Takes whole names while slots are free; returns how many
 * names it took. An illegal name takes a slot and becomes a row at once. Failure: RQ_BAD_ARGUMENT. */
int32_t rq_engine_submit(rq_engine *engine, const uint8_t *octets, const int32_t *offsets, uint32_t count,
                         const uint16_t *types, uint32_t type_count, int64_t first);

/* Moves packets and timers: sends what may be sent, receives what has come, waits up to `wait_ms` (0 only polls) for
 * the first row to finish. Returns rows waiting to be drained, or RQ_NETWORK for a failure that is not one server's.
 * Returns early when a signal arrives. For how long nobody called it though it was due is no part of the time of what
 * is not sent yet. */
int32_t rq_engine_step(rq_engine *engine, uint32_t wait_ms);

/* Renders finished lookups, in order of completion, while whole rows fit in `cap`; frees their slots. Returns octets
 * written, *rows is how many rows these are. When the first row alone exceeds `cap`: returns 0, *rows = 0, and *wanted
 * is the room it takes; otherwise *wanted = 0. MessagePack rows are one after another, NDJSON rows end in a newline. */
int32_t rq_engine_drain(rq_engine *engine, int32_t format, uint8_t *out, uint32_t cap, uint32_t *rows,
                        uint32_t *wanted);

/* What rq_engine_work did. */
typedef struct rq_work {
  uint32_t taken;        /* names */
  uint32_t rows, octets; /* written */
  uint32_t wanted;       /* the room that a row takes which alone exceeds `cap`, else 0 */
} rq_work;

/* rq_engine_submit, rq_engine_step and rq_engine_drain in turn, in one call, until all of the names are taken (if there
 * were any), the next row does not fit in `cap`, nothing is held any more, a signal arrives, or `wait_ms` have passed.
 * Returns rows waiting to be drained, or what these three fail with; *work is true also then. */
int32_t rq_engine_work(rq_engine *engine, const uint8_t *octets, const int32_t *offsets, uint32_t count,
                       const uint16_t *types, uint32_t type_count, int64_t first, uint32_t wait_ms, int32_t format,
                       uint8_t *out, uint32_t cap, rq_work *work);

/* Moves up to `max` finished lookups, in order of completion, to the end of columns of RQ_COLUMNS_LOOKUPS; frees their
 * slots. Returns rows moved; fewer than are finished when the next would make a column exceed its limit, and the
 * failure when there was none before it. */
int32_t rq_engine_drain_columns(rq_engine *engine, rq_columns *columns, uint32_t max);

/* All lookups of these names (an Arrow string column that is copied) as a stream of batches of up to `batch_rows` rows,
 * handed out after `batch_ms` at the latest once there is a row. Takes the engine over, which holds nothing yet. NULL
 * with *status RQ_NO_MEMORY or RQ_BAD_ARGUMENT: the engine is still the caller's. */
struct ArrowArrayStream *rq_engine_stream(rq_engine *engine, const uint8_t *octets, const int32_t *offsets,
                                          uint32_t count, const uint16_t *types, uint32_t type_count, uint32_t with,
                                          uint32_t batch_rows, uint32_t batch_ms, uint32_t limit, int32_t *status);

/* Gives up every lookup that is held; each becomes a row with RQ_CANCELLED. */
void rq_engine_cancel(rq_engine *engine);

/* The file descriptor to watch for reading; step(0) when it is ready or rq_engine_wait_ms has passed. */
int32_t rq_engine_fd(const rq_engine *engine);

/* Milliseconds until the next timer, 0 if rows are waiting or work is due, -1 if nothing is held. */
int32_t rq_engine_wait_ms(const rq_engine *engine);

void rq_engine_stats(const rq_engine *engine, rq_stats *stats);

/* Has lookups answered from this cache, and answers put into it: before the first lookup. The engine keeps the cache
 * alive. */
int32_t rq_engine_use_cache(rq_engine *engine, rq_cache *cache);

/* --- a cache, shared by the engines of any threads ---------------------------------------------------------------- */

/* A cache of answers, positive and negative, or NULL with *status RQ_BAD_ARGUMENT, RQ_NO_MEMORY or RQ_NETWORK
 * (the kernel gives no random octets). It belongs to the process: a forked child finds it empty. */
rq_cache *rq_cache_new(const rq_cache_conf *conf, int32_t *status);

/* Lets go of it: engines that use it keep it. NULL is allowed. */
void rq_cache_free(rq_cache *cache);

/* Forgets the answers for a name, whatever their type, or all with len 0. Returns how many, or RQ_ILLEGAL_INPUT. */
int32_t rq_cache_flush(rq_cache *cache, const char *name, uint32_t len);

void rq_cache_tell(rq_cache *cache, rq_cache_stats *stats);

/* --- the res_query-style call, on an engine that holds nothing else ------------------------------------------------
 */

/* Asks and waits. Returns octets stored, min(info->actual, cap): an exact prefix of the answer, whatever its rcode;
 * octets past the return value are untouched. `cap` never changes what happens on the network. With `as_received` the
 * answer is what one server said, octet for octet (the letter case of its question is that of `name` again): no CNAME
 * is followed across answers and no cache is used, whatever the engine does otherwise. Failure: a negative rq_status,
 * also in info->status; nothing is stored. */
int32_t rq_query(rq_engine *engine, const char *name, uint32_t len, uint16_t rrtype, uint16_t rrclass,
                 uint8_t as_received, uint8_t *out, uint32_t cap, rq_answer *info);

/* The same in three steps, so that a caller can attend to signals between waits. begin: RQ_OK or RQ_BAD_ARGUMENT
 * (engine in use); wait: RQ_OK when finished, RQ_PENDING otherwise, after `wait_ms` at the most; finish: as rq_query.
 */
int32_t rq_query_begin(rq_engine *engine, const char *name, uint32_t len, uint16_t rrtype, uint16_t rrclass,
                       uint8_t as_received);
int32_t rq_query_wait(rq_engine *engine, uint32_t wait_ms);
int32_t rq_query_finish(rq_engine *engine, uint8_t *out, uint32_t cap, rq_answer *info);

/* --- input lines ---------------------------------------------------------------------------------------------------
 */

/* Splits text into lines for rq_engine_submit: up to `max` lines are copied to `octets` (room for `len`), without LF,
 * CR LF and surrounding blanks; blank lines are skipped. `offsets` takes max + 1 entries. `last` says that no more text
 * follows, so a final line without LF counts. Returns lines found; *consumed is how much of `text` they used, *blank
 * how many lines in there were skipped. */
int32_t rq_lines(const uint8_t *text, uint32_t len, uint8_t last, uint8_t *octets, int32_t *offsets, uint32_t max,
                 uint32_t *consumed, uint32_t *blank);
