/* rq_sock.h: UDP sockets, and packets sent and received many at a time.
 *
 * Knows nothing of lookups. Every failure is a negative errno. Serves RFC 5452 (random ports: the kernel picks them),
 * RFC 9715 (no fragments: path MTU discovery is left out, so a forged ICMP cannot make us fragment).
 * SPDX-License-Identifier: MIT */
#ifndef RQ_SOCK_H
#define RQ_SOCK_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "../wire/rq_msg.h"

#define RQ_BATCH 64           /* packets in one system call */
#define RQ_PACKET_MAX 4096    /* octets of the largest UDP answer that is taken */
#define RQ_PACKET_STRIDE 4160 /* no power of two: neighbours in a batch do not fight for one cache set */

/* A server's address as the kernel wants it. */
typedef union rq_peer {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} rq_peer;

/* Packets on their way in one direction. The buffers are wired up once, in rq_batch_init. */
typedef struct rq_batch {
  struct mmsghdr headers[RQ_BATCH];
  struct iovec vectors[RQ_BATCH];
  rq_peer peers[RQ_BATCH];
  uint32_t slots[RQ_BATCH]; /* to send: whose query it is */
  uint8_t *octets;          /* RQ_BATCH times `stride` */
  uint32_t stride, size;    /* octets from packet to packet, and in one at the most */
} rq_batch;

void rq_peer_set(rq_peer *peer, const rq_addr *addr);
socklen_t rq_peer_size(const rq_peer *peer);

/* Same address and port; the zone counts where one is set. */
int rq_peer_same(const rq_peer *server, const rq_peer *from);

/* Opens a non-blocking UDP socket on a random port: connected to `peer`, or bound only when `connected` is 0.
 * Returns the descriptor. */
int rq_udp_open(const rq_peer *peer, int connected);

/* Allocates the packets; `named` batches carry a peer with each. 0, or -ENOMEM. */
int rq_batch_init(rq_batch *batch, uint32_t stride, uint32_t size, int named);
void rq_batch_drop(rq_batch *batch);

static inline uint8_t *rq_batch_at(const rq_batch *batch, uint32_t i) {
  return batch->octets + (size_t)i * batch->stride;
}

/* Sends the first `count` packets; returns how many went out. If not all: *error says why the next one did not. */
uint32_t rq_batch_send(rq_batch *batch, int fd, uint32_t count, int *error);

/* Receives up to RQ_BATCH packets; returns how many, 0 when there is none now. */
uint32_t rq_batch_receive(rq_batch *batch, int fd);

/* Length of packet `i`, or -1 when it was larger than its buffer. */
static inline int32_t rq_batch_length(const rq_batch *batch, uint32_t i) {
  return batch->headers[i].msg_hdr.msg_flags & MSG_TRUNC ? -1 : (int32_t)batch->headers[i].msg_len;
}

/* Takes one network error (ICMP) off the socket: 1, or 0 when there is none. *error is its errno, *id the ID of the
 * query that it quotes, *peer where that went; errors that quote too little are skipped. */
int rq_udp_error(int fd, rq_peer *peer, uint16_t *id, int *error);

#endif
