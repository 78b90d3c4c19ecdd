/* test_net.c: units of csrc/net that need no network: the timer wheel, the table of IDs, random numbers, addresses,
 * what a socket is set to.
 *
 * SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "net/rq_ids.h"
#include "net/rq_random.h"
#include "net/rq_sock.h"
#include "net/rq_wheel.h"
#include "unit.h"

#define TIMERS 500u
#define ROUNDS 200000u

/* A small generator of our own, so that a failure repeats. */
static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* Against a plain array of deadlines: every timer fires once, none early, none later than one bucket. */
static void test_wheel_fires_each_timer_once_and_in_time(unit *u) {
  static rq_wheel wheel;
  int64_t due[TIMERS], now = 987654321;
  uint64_t state = 1;
  u->about = "wheel";
  EXPECT_NUMBER(u, rq_wheel_init(&wheel, TIMERS, now), 0);
  EXPECT_NUMBER(u, rq_wheel_next_us(&wheel), -1);
  for (uint32_t i = 0; i < TIMERS; i++) due[i] = -1;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    uint32_t i = next_random(&state) % TIMERS, what = next_random(&state) % 4;
    if (what < 2) {
      int64_t far = what == 0 ? 60000000 : 50000; /* beyond the horizon, and near */
      due[i] = now + next_random(&state) % far;
      rq_wheel_set(&wheel, i, due[i]);
    } else if (what == 2) {
      due[i] = -1;
      rq_wheel_clear(&wheel, i);
    } else {
      now += next_random(&state) % 20000;
    }
    int64_t next = rq_wheel_next_us(&wheel);
    while ((i = rq_wheel_pop(&wheel, now)) != RQ_NONE) {
      EXPECT(u, due[i] >= 0 && due[i] <= now && next <= now);
      due[i] = -1;
    }
    for (i = 0; i < TIMERS && round % 64 == 0; i++) EXPECT(u, due[i] < 0 || due[i] > now - 2 * RQ_WHEEL_TICK_US);
  }
  uint32_t left = 0, fired = 0;
  for (uint32_t i = 0; i < TIMERS; i++) left += due[i] >= 0;
  while (rq_wheel_pop(&wheel, now + 61000000) != RQ_NONE) fired++;
  EXPECT_NUMBER(u, fired, left);
  EXPECT_NUMBER(u, rq_wheel_next_us(&wheel), -1);
  rq_wheel_drop(&wheel);
}

/* Against a direct table: finds what was added, and only that, however entries come and go. */
static void test_ids_find_what_was_added(unit *u) {
  static uint32_t truth[4 * 65536];
  rq_ids ids;
  uint64_t state = 7;
  uint32_t held = 0;
  u->about = "ids";
  for (uint32_t key = 0; key < 4 * 65536; key++) truth[key] = RQ_NONE;
  EXPECT_NUMBER(u, rq_ids_init(&ids, 1000), 0);
  EXPECT(u, ids.mask + 1 >= 4000);
  for (uint32_t round = 0; round < 4 * ROUNDS; round++) {
    uint32_t key = rq_ids_key(next_random(&state) % 4, (uint16_t)(next_random(&state) % 700));
    if (truth[key] != RQ_NONE && next_random(&state) % 2 == 0) {
      rq_ids_remove(&ids, key);
      truth[key] = RQ_NONE;
      held--;
    } else if (held < 1000) {
      int added = rq_ids_add(&ids, key, round);
      EXPECT_NUMBER(u, added, truth[key] == RQ_NONE);
      if (added) truth[key] = round;
      held += (uint32_t)added;
    }
    key = rq_ids_key(next_random(&state) % 4, (uint16_t)(next_random(&state) % 700));
    EXPECT_NUMBER(u, rq_ids_find(&ids, key), truth[key]);
  }
  rq_ids_remove(&ids, rq_ids_key(9, 9));
  rq_ids_clear(&ids);
  for (uint32_t key = 0; key < 700; key++) EXPECT_NUMBER(u, rq_ids_find(&ids, key), RQ_NONE);
  rq_ids_drop(&ids);
}

/* No claim on quality, that is the kernel's: all values come, none is favoured, each pool is another. */
static void test_random_numbers_spread(unit *u) {
  static rq_random a, b;
  uint32_t counts[64] = {0}, same = 0;
  u->about = "random";
  rq_random_init(&a, &rq_sys_kernel);
  rq_random_init(&b, &rq_sys_kernel);
  for (uint32_t n = 0; n < 64 * 1000; n++) {
    int32_t drawn = rq_random_below(&a, 64);
    EXPECT(u, drawn >= 0 && drawn < 64);
    counts[drawn & 63]++;
  }
  for (uint32_t n = 0; n < 64; n++) EXPECT(u, counts[n] > 700 && counts[n] < 1300);
  for (uint32_t n = 0; n < 1000; n++) same += rq_random_u16(&a) == rq_random_u16(&b);
  EXPECT(u, same < 20);
  EXPECT_NUMBER(u, rq_random_below(&a, 1), 0);
}

static void test_peers_compare_by_address_port_and_zone(unit *u) {
  rq_addr addr = {.family = 6, .octets = {0xfe, 0x80, [15] = 1}, .port = 53, .scope = 2};
  rq_peer server, from;
  u->about = "peers";
  rq_peer_set(&server, &addr);
  rq_peer_set(&from, &addr);
  EXPECT(u, rq_peer_same(&server, &from));
  addr.scope = 3;
  rq_peer_set(&from, &addr);
  EXPECT(u, !rq_peer_same(&server, &from));
  addr.scope = 0;
  rq_peer_set(&server, &addr);
  EXPECT(u, rq_peer_same(&server, &from));
  addr.port = 54;
  rq_peer_set(&from, &addr);
  EXPECT(u, !rq_peer_same(&server, &from));
  rq_addr four = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  rq_peer_set(&from, &four);
  EXPECT(u, !rq_peer_same(&server, &from));
  rq_peer_set(&server, &four);
  EXPECT(u, rq_peer_same(&server, &from));
  four.octets[3] = 2;
  rq_peer_set(&from, &four);
  EXPECT(u, !rq_peer_same(&server, &from));
}

static int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

/* Queries are never smaller for what an ICMP error says of the path, and answers come on a port of the kernel's. */
static void test_sockets_do_not_believe_in_a_path_mtu(unit *u) {
  u->about = "socket options";
  for (int connected = 0; connected < 2; connected++) {
    for (uint8_t family = 4; family <= 6; family += 2) {
      rq_addr addr = {.family = family, .port = 53};
      addr.octets[family == 4 ? 0 : 15] = family == 4 ? 127 : 1;
      rq_peer peer, own;
      socklen_t size = sizeof own;
      rq_peer_set(&peer, &addr);
      int fd = rq_udp_open(&rq_sys_kernel, &peer, connected), six = family == 6;
      EXPECT(u, fd >= 0 || six); /* a machine may have no IPv6 */
      if (fd < 0) continue;
      EXPECT_NUMBER(u, option(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER),
                    six ? IPV6_PMTUDISC_OMIT : IP_PMTUDISC_OMIT);
      EXPECT_NUMBER(u, option(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVERR : IP_RECVERR), 1);
      EXPECT(u, getsockname(fd, &own.any, &size) == 0 && (six ? own.v6.sin6_port : own.v4.sin_port) != 0);
      close(fd);
    }
  }
}

/* Whatever the lengths: each packet stands in one run, and a run has one length but for a shorter last packet. */
static void test_runs_hold_each_packet_once(unit *u) {
  static rq_batch batch;
  uint64_t state = 3;
  u->about = "runs";
  EXPECT_NUMBER(u, rq_batch_init(&batch, RQ_QUERY_MAX, RQ_QUERY_MAX, 0), 0);
  for (uint32_t round = 0; round < 2000; round++) {
    uint32_t count = next_random(&state) % (RQ_BATCH + 1), kinds = 1 + next_random(&state) % 40, packets = 0;
    uint32_t lens[RQ_BATCH], seen[RQ_BATCH] = {0};
    for (uint32_t i = 0; i < count; i++) rq_batch_put(&batch, i, lens[i] = 17 + next_random(&state) % kinds, i);
    uint32_t messages = rq_batch_runs(&batch, 0, 0, count);
    EXPECT(u, messages <= (count + 1) / 2 && (kinds > 1 || messages == (count > 0)));
    for (uint32_t m = 0; m < messages; m++) {
      const struct msghdr *header = &batch.headers[m].msg_hdr;
      EXPECT_NUMBER(u, header->msg_iovlen, batch.runs[m]);
      EXPECT(u, header->msg_iov == &batch.vectors[packets]);
      EXPECT_NUMBER(u, header->msg_controllen > 0, batch.runs[m] > 1);
      for (uint32_t i = 0; i < batch.runs[m]; i++) {
        const struct iovec *vector = &header->msg_iov[i];
        uint32_t slot = batch.slots[packets + i];
        EXPECT(u, vector->iov_base == rq_batch_at(&batch, slot) && vector->iov_len == lens[slot]);
        EXPECT(u, i + 1u == batch.runs[m] ? vector->iov_len <= header->msg_iov->iov_len
                                          : vector->iov_len == header->msg_iov->iov_len);
        seen[slot]++;
      }
      packets += batch.runs[m];
    }
    EXPECT_NUMBER(u, packets, count);
    for (uint32_t i = 0; i < count; i++) EXPECT_NUMBER(u, seen[i], 1);
    EXPECT_NUMBER(u, rq_batch_single(&batch, 0, 0, count), count);
  }
  rq_batch_drop(&batch);
}

int main(void) {
  unit u = {0};
  test_wheel_fires_each_timer_once_and_in_time(&u);
  test_ids_find_what_was_added(&u);
  test_random_numbers_spread(&u);
  test_peers_compare_by_address_port_and_zone(&u);
  test_sockets_do_not_believe_in_a_path_mtu(&u);
  test_runs_hold_each_packet_once(&u);
  return unit_report(&u, "test_net");
}
