/* rq_tcp.h: one persistent TCP connection that carries DNS messages in both directions (RFC 7766).
 *
 * Knows nothing of lookups: queries are put in, whole messages come out, however the octets are split on the way.
 * Never blocks. Every failure is a negative errno. SPDX-License-Identifier: MIT */
#ifndef RQ_TCP_H
#define RQ_TCP_H

#include "rq_sock.h"

#define RQ_CONN_IN (RQ_MESSAGE_MAX + 2) /* octets of the largest message and its length */
#define RQ_CONN_OUT 16384               /* octets of queries waiting to be written */
#define RQ_CONN_MEMORY (RQ_CONN_IN + RQ_CONN_OUT)

enum rq_conn_state { RQ_CONN_CLOSED = 0, RQ_CONN_CONNECTING = 1, RQ_CONN_OPEN = 2 };

typedef struct rq_conn {
  const rq_sys *sys;
  uint8_t
      *memory; /* RQ_CONN_MEMORY octets: what was received and is not yet a whole message, then what is to be sent */
  int64_t heard_us;   /* when an answer came last, or when it was opened */
  uint32_t in;        /* octets received */
  uint32_t out, sent; /* octets to be sent, and how many of them are */
  int fd;
  uint8_t state;   /* enum rq_conn_state */
  uint8_t blocked; /* the kernel takes no more for now; also while it connects */
} rq_conn;

/* Opens a connection, by way of conn->sys and into conn->memory; it may still be connecting on return. 0 or a negative
 * errno. */
int rq_conn_open(rq_conn *conn, const rq_peer *peer, int64_t now_us);
void rq_conn_close(rq_conn *conn);

/* The connection became writable for the first time: 0 when it is established, else a negative errno. */
int rq_conn_opened(rq_conn *conn);

/* Whether one more query can be put in. */
static inline int rq_conn_room(const rq_conn *conn) {
  return RQ_CONN_OUT - conn->out >= RQ_QUERY_MAX + 2;
}

/* Puts a query in, behind its length; rq_conn_room said yes. */
void rq_conn_put(rq_conn *conn, const rq_name *name, const rq_query_spec *spec);

/* Writes what it can; 0 or a negative errno. */
int rq_conn_flush(rq_conn *conn);

/* Receives once; octets, 0 when there are none now, or a negative errno; -ECONNRESET also when the peer has closed. */
int rq_conn_receive(rq_conn *conn);

/* A cursor over what was received; take messages with rq_frame_next, then tell where it stands. */
void rq_conn_messages(const rq_conn *conn, rq_cur *stream);
void rq_conn_consumed(rq_conn *conn, const rq_cur *stream);

/* The octets of a message that was taken off that cursor. */
static inline const uint8_t *rq_conn_octets(const rq_conn *conn, const rq_cur *message) {
  return conn->memory + rq_cur_pos(message);
}

#endif
