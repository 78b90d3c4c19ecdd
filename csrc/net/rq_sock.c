/* rq_sock.c: UDP sockets and batches of packets, see rq_sock.h.
 * Never blocks, never looks into a message beyond the ID that an ICMP error quotes. SPDX-License-Identifier: MIT */
#include "rq_sock.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errqueue.h>

#define RECEIVE_BUFFER (4 * 1024 * 1024) /* octets asked for; the kernel grants what the system allows */
#define ERROR_QUOTE 64                   /* octets kept of the query that an ICMP error quotes */

void rq_peer_set(rq_peer *peer, const rq_addr *addr) {
  *peer = (rq_peer){.v6 = {.sin6_family = AF_UNSPEC}};
  rq_cur octets;
  rq_cur_init(&octets, addr->octets, sizeof addr->octets);
  if (addr->family == 4) {
    peer->v4.sin_family = AF_INET;
    peer->v4.sin_port = htons(addr->port);
    rq_cur_copy(&octets, (uint8_t *)&peer->v4.sin_addr, 4);
  } else {
    peer->v6.sin6_family = AF_INET6;
    peer->v6.sin6_port = htons(addr->port);
    peer->v6.sin6_scope_id = addr->scope;
    rq_cur_copy(&octets, (uint8_t *)&peer->v6.sin6_addr, 16);
  }
}

socklen_t rq_peer_size(const rq_peer *peer) {
  return peer->any.sa_family == AF_INET ? sizeof peer->v4 : sizeof peer->v6;
}

int rq_peer_same(const rq_peer *server, const rq_peer *from) {
  if (server->any.sa_family != from->any.sa_family) return 0;
  if (server->any.sa_family == AF_INET)
    return server->v4.sin_port == from->v4.sin_port && server->v4.sin_addr.s_addr == from->v4.sin_addr.s_addr;
  return server->v6.sin6_port == from->v6.sin6_port && IN6_ARE_ADDR_EQUAL(&server->v6.sin6_addr, &from->v6.sin6_addr) &&
         (server->v6.sin6_scope_id == 0 || server->v6.sin6_scope_id == from->v6.sin6_scope_id);
}

/* Errors here are of taste, not of need: an old kernel without one of these options still works. */
static void tune(const rq_sys *sys, int fd, int family) {
  int on = 1, size = RECEIVE_BUFFER;
  if (sys->setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    sys->setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (family == AF_INET) {
    int omit = IP_PMTUDISC_OMIT;
    sys->setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof omit);
    sys->setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  } else {
    int omit = IPV6_PMTUDISC_OMIT;
    sys->setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit, sizeof omit);
    sys->setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    sys->setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
}

int rq_udp_open(const rq_sys *sys, const rq_peer *peer, int connected) {
  int family = peer->any.sa_family;
  int fd = sys->socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  tune(sys, fd, family);
  rq_peer anywhere = {.v6 = {.sin6_family = (sa_family_t)family}}; /* port 0: the kernel draws one */
  const rq_peer *to = connected ? peer : &anywhere;
  int done = connected ? sys->connect(fd, &to->any, rq_peer_size(to)) : sys->bind(fd, &to->any, rq_peer_size(to));
  if (done < 0) {
    int error = errno;
    sys->close(fd);
    return -error;
  }
  return fd;
}

int rq_batch_init(rq_batch *batch, uint32_t stride, uint32_t size, int named) {
  *batch = (rq_batch){.stride = stride, .size = size};
  batch->octets = malloc((size_t)RQ_BATCH * stride);
  if (!batch->octets) return -ENOMEM;
  for (uint32_t i = 0; i < RQ_BATCH; i++) {
    struct msghdr *header = &batch->headers[i].msg_hdr;
    batch->vectors[i] = (struct iovec){.iov_base = rq_batch_at(batch, i), .iov_len = size};
    header->msg_iov = &batch->vectors[i];
    header->msg_iovlen = 1;
    header->msg_name = named ? &batch->peers[i] : NULL;
    header->msg_namelen = named ? sizeof batch->peers[i] : 0;
  }
  return 0;
}

void rq_batch_drop(rq_batch *batch) {
  free(batch->octets);
  batch->octets = NULL;
}

void rq_batch_put(rq_batch *batch, uint32_t i, uint32_t len, uint32_t slot) {
  batch->vectors[i] = (struct iovec){.iov_base = rq_batch_at(batch, i), .iov_len = len};
  batch->slots[i] = slot;
}

/* Message `m` of the packets `from` to `from + run - 1`. */
static void message_set(rq_batch *batch, uint32_t m, uint32_t from, uint32_t run) {
  struct msghdr *header = &batch->headers[m].msg_hdr;
  rq_segment *segment = &batch->segments[m];
  header->msg_iov = &batch->vectors[from];
  header->msg_iovlen = run;
  if (header->msg_name) {
    header->msg_name = &batch->peers[from];
    header->msg_namelen = rq_peer_size(&batch->peers[from]);
  }
  header->msg_control = run > 1 ? segment : NULL;
  header->msg_controllen = run > 1 ? sizeof *segment : 0;
  batch->runs[m] = (uint16_t)run;
  if (run == 1) return;
  uint16_t len = (uint16_t)batch->vectors[from].iov_len;
  segment->header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof len), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};
  memcpy(CMSG_DATA(&segment->header), &len, sizeof len);
}

uint32_t rq_batch_single(rq_batch *batch, uint32_t messages, uint32_t from, uint32_t count) {
  for (uint32_t i = from; i - from < count; i++) message_set(batch, messages++, i, 1);
  return messages;
}

/* The longest first. By insertion: there are few, and often all of them are of one length. */
static void sort_by_length(rq_batch *batch, uint32_t from, uint32_t count) {
  for (uint32_t i = from + 1; i - from < count; i++) {
    struct iovec vector = batch->vectors[i];
    uint32_t slot = batch->slots[i], at = i;
    for (; at > from && batch->vectors[at - 1].iov_len < vector.iov_len; at--) {
      batch->vectors[at] = batch->vectors[at - 1];
      batch->slots[at] = batch->slots[at - 1];
    }
    batch->vectors[at] = vector;
    batch->slots[at] = slot;
  }
}

uint32_t rq_batch_runs(rq_batch *batch, uint32_t messages, uint32_t from, uint32_t count) {
  const uint32_t all = from + count;
  sort_by_length(batch, from, count);
  while (from < all) {
    uint32_t end = from + 1;
    while (end < all && batch->vectors[end].iov_len == batch->vectors[from].iov_len) end++;
    if (end < all) end++;
    message_set(batch, messages++, from, end - from);
    from = end;
  }
  return messages;
}

/* An error may be a late one, of an earlier packet (ICMP): so a message is only given up when it fails twice. */
uint32_t rq_batch_send(rq_batch *batch, const rq_sys *sys, int fd, uint32_t count, int *error) {
  uint32_t sent = 0, failures = 0;
  while (sent < count) {
    int n = sys->sendmmsg(fd, batch->headers + sent, count - sent, 0);
    if (n > 0) {
      sent += (uint32_t)n;
      failures = 0;
    } else if (errno != EINTR) {
      *error = errno;
      failures++;
      if (failures == 2 || *error == EAGAIN || *error == ENOBUFS) break;
    }
  }
  return sent;
}

uint32_t rq_batch_receive(rq_batch *batch, const rq_sys *sys, int fd) {
  if (batch->headers[0].msg_hdr.msg_name)
    for (uint32_t i = 0; i < RQ_BATCH; i++) batch->headers[i].msg_hdr.msg_namelen = sizeof batch->peers[i];
  for (int attempt = 0; attempt < 3; attempt++) {
    int n = sys->recvmmsg(fd, batch->headers, RQ_BATCH, MSG_DONTWAIT, NULL);
    if (n > 0) return (uint32_t)n;
    if (errno == EAGAIN) break; /* other errors are late ones and gone once read */
  }
  return 0;
}

/* The errno that an error message carries, 0 when it carries none. */
static int error_of(struct msghdr *message) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
    if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
      return (int)((const struct sock_extended_err *)(const void *)CMSG_DATA(c))->ee_errno;
  }
  return 0;
}

int rq_udp_error(const rq_sys *sys, int fd, rq_peer *peer, uint16_t *id, int *error) {
  for (;;) {
    uint8_t quote[ERROR_QUOTE];
    _Alignas(struct cmsghdr) uint8_t control[512];
    struct iovec vector = {.iov_base = quote, .iov_len = sizeof quote};
    struct msghdr message = {.msg_name = peer,
                             .msg_namelen = sizeof *peer,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = sys->recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (n < 0 && errno != EINTR) return 0;
    if (n < 2) continue;
    rq_cur cur;
    rq_cur_init(&cur, quote, (size_t)n);
    *id = rq_cur_u16(&cur);
    *error = error_of(&message);
    if (*error != 0) return 1;
  }
}
