/* capacities.c: every capacity from 0 to 1,024, for every renderer, on each of the inputs that come by stdin.
 *
 * What kinds of inputs there are stands in renderers.h. The buffer ends at a page that
 * cannot be written and begins behind canaries. What is stored is min(actual, cap), a prefix of the whole output, and
 * nothing else is touched. Says how many calls that were. Serves the contract of rq_api.h. SPDX-License-Identifier: MIT
 */
#include "c/renderers.h"
#include "guard.h"
#include "inputs.h"

#define CAPACITIES 1024
#define HEAD32 5 /* octets before a MessagePack bin of any size */

typedef struct input {
  const uint8_t *octets;
  uint32_t len;
} input;

static unsigned long capacities_try(const renderer *r, input in, page room);

static unsigned long fills_try(input in, page room);

int main(void) {
  static uint8_t octets[INPUT_MAX];
  guard_begin();
  page room = page_new(CAPACITIES + CANARIES);
  unsigned long calls = 0, inputs = 0, pairs = 0;
  char kind;
  for (size_t len; (len = input_read(&kind, octets)) > 0; inputs++) {
    page copy = page_new(len);
    uint8_t *begin = copy.end - len;
    memcpy(begin, octets, len);
    for (size_t i = 0; i < RENDERERS; i++) {
      if (renderers[i].kind != kind) continue;
      calls += capacities_try(&renderers[i], (input){begin, (uint32_t)len}, room);
      pairs++;
    }
    if (kind == 'm') calls += fills_try((input){begin, (uint32_t)len}, room);
    page_free(copy);
  }
  printf("%lu calls, %lu renderings of %lu inputs\n", calls, pairs, inputs);
  CHECK(pairs >= inputs);
  return EXIT_SUCCESS;
}

/* One call with `cap` octets of room, held against the whole output; no `whole` means that all calls fail alike. */
static void capacity_try(const renderer *r, input in, page room, uint32_t cap, const uint8_t *whole, int32_t wanted) {
  uint8_t *out = room.end - cap;
  uint32_t actual = 0;
  uint32_t fit = whole == NULL ? 0 : (uint32_t)wanted < cap ? (uint32_t)wanted : cap;
  trying_set(r->name, in.octets, in.len, cap);
  memset(out - CANARIES, CANARY, cap + CANARIES);
  int32_t stored = r->run(in.octets, in.len, out, cap, &actual);
  CHECK(is_canary(out - CANARIES, CANARIES));
  CHECK(r->drafts || is_canary(out + fit, cap - fit));
  if (whole == NULL) {
    CHECK(stored == wanted);
    return;
  }
  CHECK(stored == (int32_t)fit && actual == (uint32_t)wanted);
  CHECK(memcmp(out, whole, fit) == 0);
}

static unsigned long capacities_try(const renderer *r, input in, page room) {
  uint32_t actual = 0, again = 0;
  trying_set(r->name, in.octets, in.len, 0);
  int32_t counted = r->run(in.octets, in.len, NULL, 0, &actual);
  page all = page_new(counted < 0 ? 0 : actual);
  uint8_t *whole = NULL;
  CHECK(counted <= 0);
  if (counted == 0) {
    whole = all.end - actual;
    CHECK(r->run(in.octets, in.len, whole, actual, &again) == (int32_t)actual && again == actual);
  }
  for (uint32_t cap = 0; cap <= CAPACITIES; cap++)
    capacity_try(r, in, room, cap, whole, counted < 0 ? counted : (int32_t)actual);
  page_free(all);
  return CAPACITIES + 1 + (whole == NULL ? 1 : 2);
}

/* rq_msg_fill, which takes the whole buffer: what rq_msg_pack writes but for the size of the array, then the head of an
 * item that is the rest; or the size of all this when there is no room for it; or why the message is not whole. */
static void fill_try(input in, page room, uint32_t cap, int32_t status, const uint8_t *packed, uint32_t len) {
  uint8_t *out = room.end - cap;
  trying_set("rq_msg_fill", in.octets, in.len, cap);
  memset(out - CANARIES, CANARY, cap + CANARIES);
  int32_t wanted = rq_msg_fill(in.octets, in.len, out, cap);
  CHECK(is_canary(out - CANARIES, CANARIES));
  if (status != RQ_OK || cap < len + HEAD32) {
    CHECK(wanted == (status != RQ_OK ? status : (int32_t)(len + HEAD32)));
    return;
  }
  uint32_t rest = cap - len - HEAD32;
  const uint8_t head[HEAD32] = {0xc6, 0, 0, (uint8_t)(rest / 256u), (uint8_t)rest};
  CHECK(wanted == 0 && memcmp(out + 1, packed + 1, len - 1) == 0 && memcmp(out + len, head, HEAD32) == 0);
}

static unsigned long fills_try(input in, page room) {
  rq_summary summary;
  uint32_t actual = 0, len = 0;
  int32_t status = rq_msg_open(in.octets, in.len, &summary);
  rq_msg_pack(in.octets, in.len, NULL, 0, &actual);
  uint8_t *packed = malloc(actual + 1);
  CHECK(packed != NULL);
  rq_msg_pack(in.octets, in.len, packed, actual, &len);
  CHECK(len == actual);
  for (uint32_t cap = 0; cap <= CAPACITIES; cap++) fill_try(in, room, cap, status, packed, actual);
  free(packed);
  return CAPACITIES + 1;
}
