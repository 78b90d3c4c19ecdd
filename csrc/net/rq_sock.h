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
#include "rq_sys.h"

#define RQ_BATCH 64           /* packets in one system call */
#define RQ_PACKET_MAX 4096    /* octets of the largest UDP answer that is taken */
#define RQ_PACKET_STRIDE 4160 /* no power of two: neighbours in a batch do not fight for one cache set */

/* A server's address as the kernel wants it. */
typedef union rq_peer {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} rq_peer;

/* Says to the kernel how long the packets of one message are (UDP_SEGMENT). */
typedef union rq_segment {
  struct cmsghdr header;
  uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
} rq_segment;

/* Packets on their way in one direction: messages to the kernel, each of one packet or, when sending, of a run of them.
 */
typedef struct rq_batch {
  struct mmsghdr headers[RQ_BATCH];
  struct iovec vectors[RQ_BATCH];
  rq_peer peers[RQ_BATCH];
  rq_segment segments[RQ_BATCH];
  uint16_t runs[RQ_BATCH];  /* to send: packets in a message */
  uint32_t slots[RQ_BATCH]; /* to send: whose query a packet is */
  uint8_t *octets;          /* RQ_BATCH times `stride` */
  uint32_t stride, size;    /* octets from packet to packet, and in one at the most */
} rq_batch;

void rq_peer_set(rq_peer *peer, const rq_addr *addr);
socklen_t rq_peer_size(const rq_peer *peer);

/* Same address and port; the zone counts where one is set. */
int rq_peer_same(const rq_peer *server, const rq_peer *from);

/* Opens a non-blocking UDP socket on a random port: connected to `peer`, or bound only when `connected` is 0.
 * Returns the descriptor. */
int rq_udp_open(const rq_sys *sys, const rq_peer *peer, int connected);

/* Allocates the packets; `named` batches carry a peer with each. 0, or -ENOMEM. */
int rq_batch_init(rq_batch *batch, uint32_t stride, uint32_t size, int named);
void rq_batch_drop(rq_batch *batch);

static inline uint8_t *rq_batch_at(const rq_batch *batch, uint32_t i) {
  return batch->octets + (size_t)i * batch->stride;
}

/* Packet `i` is to be sent: `len` octets, written at rq_batch_at(i), the query of `slot`. */
void rq_batch_put(rq_batch *batch, uint32_t i, uint32_t len, uint32_t slot);

/* Makes messages of the `count` packets from `from` on, all to one peer, behind the `messages` that there are: one
 * each. Returns how many there are then. */
uint32_t rq_batch_single(rq_batch *batch, uint32_t messages, uint32_t from, uint32_t count);

/* The same, but packets of one length, and a shorter last one, become one message, which the kernel cuts into packets
 * again as late as it can (UDP GSO): the way through it is then paid for once. Changes their order. */
uint32_t rq_batch_runs(rq_batch *batch, uint32_t messages, uint32_t from, uint32_t count);

/* Sends the first `count` messages; returns how many went out. If not all: *error says why the next one did not. */
uint32_t rq_batch_send(rq_batch *batch, const rq_sys *sys, int fd, uint32_t count, int *error);

/* Receives up to RQ_BATCH packets; returns how many, 0 when there is none now. */
uint32_t rq_batch_receive(rq_batch *batch, const rq_sys *sys, int fd);

/* Length of packet `i`, or -1 when it was larger than its buffer. */
static inline int32_t rq_batch_length(const rq_batch *batch, uint32_t i) {
  return batch->headers[i].msg_hdr.msg_flags & MSG_TRUNC ? -1 : (int32_t)batch->headers[i].msg_len;
}

/* Takes one network error (ICMP) off the socket: 1, or 0 when there is none. *error is its errno, *id the ID of the
 * query that it quotes, *peer where that went; errors that quote too little are skipped. */
int rq_udp_error(const rq_sys *sys, int fd, rq_peer *peer, uint16_t *id, int *error);

#endif
