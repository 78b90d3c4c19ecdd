/* fuzz_frame: a TCP byte stream fed in pieces gives the same messages as the stream fed whole.
 *
 * Input: an octet for the number of pieces, an octet for the length of each, then the stream. Before each call the
 * octets at hand are copied to an exact-size block, as a receive buffer would hold them. Serves RFC 1035 section 4.2.2
 * and RFC 7766 section 8. SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "wire/rq_msg.h"

/* The messages found so far: how many, a digest of them, and how much of the stream they took. */
typedef struct tally {
  uint64_t digest;
  size_t count, used;
} tally;

static void take_frames(const uint8_t *stream, size_t from, size_t to, tally *t);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  size_t pieces = data[0] < size - 1 ? data[0] : size - 1;
  const uint8_t *lengths = data + 1, *stream = lengths + pieces;
  size_t left = size - 1 - pieces, fed = 0;
  tally whole = {0, 0, 0}, split = {0, 0, 0};
  take_frames(stream, 0, left, &whole);
  for (size_t i = 0; i < pieces && fed < left; i++) {
    fed = lengths[i] < left - fed ? fed + lengths[i] : left;
    take_frames(stream, split.used, fed, &split);
  }
  take_frames(stream, split.used, left, &split);
  CHECK(whole.count == split.count && whole.digest == split.digest && whole.used == split.used);
  return 0;
}

static void add_message(rq_cur *message, tally *t) {
  t->digest = t->digest * 1099511628211u + rq_cur_left(message) + 1;
  while (rq_cur_left(message) > 0) t->digest = (t->digest ^ rq_cur_u8(message)) * 1099511628211u;
  CHECK(rq_cur_done(message));
  t->count++;
}

/* Takes what is complete in stream[from..to). */
static void take_frames(const uint8_t *stream, size_t from, size_t to, tally *t) {
  uint8_t *block = fuzz_copy(stream + from, to - from);
  rq_cur cur, message;
  rq_cur_init(&cur, block, to - from);
  size_t before = 0;
  while (rq_frame_next(&cur, &message) == 1) {
    size_t len = rq_cur_left(&message);
    CHECK(len == block[before] * 256u + block[before + 1]);
    CHECK(rq_cur_pos(&cur) - before == len + 2);
    before = rq_cur_pos(&cur);
    add_message(&message, t);
  }
  CHECK(rq_cur_good(&cur) && rq_cur_pos(&cur) == before);
  size_t left = rq_cur_left(&cur);
  CHECK(left < 2 || left - 2 < block[before] * 256u + block[before + 1]);
  t->used = from + before;
  free(block);
}
