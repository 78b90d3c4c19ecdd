/* latency.c: how long one lookup through glibc takes: res_nquery, one at a time, on a state that is kept.
 *
 *   latency NAMES HOST PORT
 *
 * Prints a line of JSON with the median in microseconds; the first tenth of the names only warms up. EDNS is on, as it
 * is in the others. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int state_open(struct __res_state *state, const char *host, const char *port) {
  memset(state, 0, sizeof *state);
  if (res_ninit(state) != 0) return 0;
  state->options |= RES_USE_EDNS0;
  state->nscount = 1;
  state->nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  return inet_pton(AF_INET, host, &state->nsaddr_list[0].sin_addr) == 1;
}

int main(int argc, char **argv) {
  struct __res_state state;
  unsigned char answer[4096];
  char name[512];
  size_t count = 0, room = 0;
  double *took = NULL;
  FILE *names = argc == 4 ? fopen(argv[1], "r") : NULL;
  if (names == NULL || !state_open(&state, argv[2], argv[3])) {
    fprintf(stderr, "usage: latency NAMES HOST PORT\n");
    return 2;
  }
  while (fgets(name, sizeof name, names) != NULL) {
    name[strcspn(name, "\n")] = '\0';
    if (count == room) {
      room = room * 2 + 1024;
      took = realloc(took, room * sizeof *took);
      if (took == NULL) return 1;
    }
    double began = now_us();
    if (res_nquery(&state, name, ns_c_in, ns_t_a, answer, sizeof answer) < 12) {
      fprintf(stderr, "latency: no answer for %s\n", name);
      return 1;
    }
    took[count++] = now_us() - began;
  }
  size_t first = count / 10;
  qsort(took + first, count - first, sizeof *took, by_size);
  printf("{\"answers\": %zu, \"us\": %.3f}\n", count, count > 0 ? took[first + (count - first) / 2] : 0.0);
  free(took);
  fclose(names);
  res_nclose(&state);
  return 0;
}
