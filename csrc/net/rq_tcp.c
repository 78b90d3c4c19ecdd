/* rq_tcp.c: one TCP connection, see rq_tcp.h.
 * Never blocks, never looks into a message. Framing is rq_frame_next's (RFC 1035, 4.2.2; RFC 7766, 8).
 * SPDX-License-Identifier: MIT */
#include "rq_tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

int rq_conn_open(rq_conn *conn, const rq_peer *peer, int64_t now_us) {
  int on = 1;
  int fd = conn->sys->socket(peer->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  conn->sys->setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (conn->sys->connect(fd, &peer->any, rq_peer_size(peer)) < 0 && errno != EINPROGRESS && errno != EINTR) {
    int error = errno;
    conn->sys->close(fd);
    return -error;
  }
  conn->fd = fd;
  conn->state = RQ_CONN_CONNECTING;
  conn->heard_us = now_us;
  conn->in = conn->out = conn->sent = 0;
  conn->blocked = 1;
  return 0;
}

void rq_conn_close(rq_conn *conn) {
  if (conn->state == RQ_CONN_CLOSED) return;
  conn->sys->close(conn->fd);
  conn->fd = -1;
  conn->state = RQ_CONN_CLOSED;
}

int rq_conn_opened(rq_conn *conn) {
  int error = 0;
  socklen_t size = sizeof error;
  if (conn->sys->getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
  if (error != 0) return -error;
  conn->state = RQ_CONN_OPEN;
  conn->blocked = 0;
  return 0;
}

void rq_conn_put(rq_conn *conn, const rq_name *name, const rq_query_spec *spec) {
  rq_out out;
  rq_out_init(&out, conn->memory + RQ_CONN_IN + conn->out, RQ_CONN_OUT - conn->out);
  rq_out_u16(&out, 0);
  rq_query_write(name, spec, &out);
  rq_out_patch16(&out, 0, (uint16_t)(rq_out_wanted(&out) - 2));
  conn->out += (uint32_t)rq_out_stored(&out);
}

int rq_conn_flush(rq_conn *conn) {
  while (conn->sent < conn->out) {
    ssize_t n = conn->sys->send(conn->fd, conn->memory + RQ_CONN_IN + conn->sent, conn->out - conn->sent, MSG_NOSIGNAL);
    if (n > 0) {
      conn->sent += (uint32_t)n;
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      conn->blocked = 1;
      return 0;
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  conn->out = conn->sent = 0;
  conn->blocked = 0;
  return 0;
}

int rq_conn_receive(rq_conn *conn) {
  for (;;) {
    ssize_t n = conn->sys->recv(conn->fd, conn->memory + conn->in, RQ_CONN_IN - conn->in, 0);
    if (n > 0) {
      conn->in += (uint32_t)n;
      return (int)n;
    }
    if (n == 0) return -ECONNRESET;
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return -errno;
  }
}

void rq_conn_messages(const rq_conn *conn, rq_cur *stream) {
  rq_cur_init(stream, conn->memory, conn->in);
}

/* What is left is the beginning of one message: it is moved to the front, so that the largest one always fits. */
void rq_conn_consumed(rq_conn *conn, const rq_cur *stream) {
  size_t used = rq_cur_pos(stream);
  conn->in = (uint32_t)rq_cur_left(stream);
  if (used > 0 && conn->in > 0) memmove(conn->memory, conn->memory + used, conn->in);
}
