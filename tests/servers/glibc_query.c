/* glibc_query.c: calls glibc's res_nquery with a buffer that is said to be small, and counts what it wrote.
 *
 * usage: glibc_query PORT NAME TYPE CAP. Prints: returned, octets changed, the last of them, whether TC is set.
 * The buffer is really 65,536 octets, so nothing is overrun whatever the library does. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 65536

static int ask(int port, const char *name, int type, int cap, unsigned char *room) {
  struct __res_state state;
  memset(&state, 0, sizeof state);
  if (res_ninit(&state) != 0) return -2;
  state.options &= ~(RES_USEVC | RES_USE_EDNS0);
  state.nscount = 1;
  state.nsaddr_list[0].sin_family = AF_INET;
  state.nsaddr_list[0].sin_port = htons((unsigned short)port);
  state.nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int returned = res_nquery(&state, name, ns_c_in, type, room, cap);
  res_nclose(&state);
  return returned;
}

int main(int argc, char **argv) {
  static unsigned char one[ROOM], other[ROOM];
  int returned, changed = 0, last = -1;
  if (argc != 5) return 2;
  memset(one, 0x55, ROOM);
  memset(other, 0xaa, ROOM);
  ask(atoi(argv[1]), argv[2], atoi(argv[3]), atoi(argv[4]), one);
  returned = ask(atoi(argv[1]), argv[2], atoi(argv[3]), atoi(argv[4]), other);
  for (int i = 0; i < ROOM; i++) {
    if (one[i] == 0x55 && other[i] == 0xaa) continue;
    changed++;
    last = i;
  }
  printf("%d %d %d %d\n", returned, changed, last, (other[2] & 2) != 0);
  return 0;
}
