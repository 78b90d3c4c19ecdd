/* fuzz_name: a name read at any offset of any octets, then written, shown and parsed again, is the same name.
 *
 * Input: two octets of offset, then the message. The same octets are also tried as text and as one uncompressed name.
 * Holds rq_name.h to its contracts (RFC 1035, sections 3.1, 4.1.4 and 5.1; RFC 4343). SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "wire/rq_name.h"

static void try_wire(const uint8_t *wire, size_t size, size_t offset);
static void try_text(const uint8_t *text, size_t size);
static void try_one_name(const uint8_t *wire, size_t size, uint32_t cap);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  size_t offset = fuzz_u16(&in), len = 0;
  uint8_t *octets = fuzz_take(&in, in.left, &len);
  try_wire(octets, len, offset % (len + 1));
  try_text(octets, len);
  try_one_name(octets, len, (uint32_t)offset);
  free(octets);
  return 0;
}

/* One to 127 labels of at most 63 octets and the root label, 255 octets in all at the most. */
static int is_valid(const rq_name *name) {
  size_t at = 0;
  while (at < name->len && name->octets[at] != 0) {
    if (name->octets[at] > 63) return 0;
    at += name->octets[at] + 1u;
  }
  return at + 1 == name->len;
}

static uint8_t read_at(const uint8_t *wire, size_t size, size_t offset, rq_name *name, size_t *end) {
  rq_cur cur;
  rq_cur_init(&cur, wire, size);
  rq_cur_skip(&cur, offset);
  rq_name_read(&cur, name);
  *end = rq_cur_pos(&cur);
  return rq_cur_state(&cur);
}

/* text -> name and wire -> name undo what made text and wire. */
static void check_round_trips(const rq_name *name) {
  rq_name again;
  rq_out out;
  uint8_t wire[RQ_NAME_MAX], text[RQ_TEXT_MAX];
  size_t end = 0;
  rq_out_init(&out, wire, sizeof wire);
  rq_name_write(name, &out);
  CHECK(rq_out_wanted(&out) == name->len);
  CHECK(read_at(wire, name->len, 0, &again, &end) == RQ_CUR_GOOD && end == name->len);
  CHECK(rq_name_identical(name, &again));
  rq_out_init(&out, text, sizeof text);
  rq_name_text(name, &out);
  CHECK(rq_out_wanted(&out) <= sizeof text);
  CHECK(rq_name_parse(text, rq_out_stored(&out), &again) == RQ_FLAW_NONE);
  CHECK(rq_name_identical(name, &again));
}

/* Case makes no difference to equality and hash, and all the difference to identity. */
static void check_case(const rq_name *name) {
  static const uint8_t key[16] = "0123456789abcdef";
  rq_name other = *name;
  size_t at = 0;
  int changed = 0;
  for (size_t left = 0; at < name->len; at++, left--) {
    if (left == 0) {
      left = name->octets[at] + 1u;
    } else if (name->octets[at] >= 'a' && name->octets[at] <= 'z') {
      other.octets[at] = (uint8_t)(name->octets[at] - 32);
      changed = 1;
    }
  }
  CHECK(rq_name_equal(name, &other) && rq_name_equal(&other, name));
  CHECK(rq_name_hash(name, key) == rq_name_hash(&other, key));
  CHECK(rq_name_identical(name, &other) == !changed);
}

static void try_wire(const uint8_t *wire, size_t size, size_t offset) {
  rq_name name, same;
  size_t end = 0, again = 0;
  uint8_t state = read_at(wire, size, offset, &name, &end);
  CHECK(is_valid(&name) && end <= size);
  if (state != RQ_CUR_GOOD) {
    CHECK((state == RQ_CUR_SHORT || state == RQ_CUR_BROKEN) && name.len == 1);
    return;
  }
  CHECK(end > offset);
  check_round_trips(&name);
  check_case(&name);
  rq_cur skipped;
  rq_cur_init(&skipped, wire, size);
  rq_cur_skip(&skipped, offset);
  rq_name_skip(&skipped);
  CHECK(rq_cur_good(&skipped) && rq_cur_pos(&skipped) == end);
  uint8_t *cut = fuzz_copy(wire, end); /* what follows the name has no say in it */
  CHECK(read_at(cut, end, offset, &same, &again) == RQ_CUR_GOOD && again == end);
  CHECK(rq_name_identical(&name, &same));
  CHECK(read_at(cut, end - 1, offset, &same, &again) != RQ_CUR_GOOD);
  free(cut);
}

static void try_text(const uint8_t *text, size_t size) {
  rq_name name;
  int flaw = rq_name_parse(text, size, &name);
  CHECK(flaw >= RQ_FLAW_NONE && flaw <= RQ_FLAW_OCTET && is_valid(&name));
  CHECK(rq_name_flaw((const char *)text, (uint32_t)size) == flaw);
  if (flaw == RQ_FLAW_NONE)
    check_round_trips(&name);
  else
    CHECK(name.len == 1);
}

static int32_t to_wire(const uint8_t *text, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_name_to_wire((const char *)text, len, out, cap, actual);
}

static int32_t to_text(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_name_to_text(wire, len, (char *)out, cap, actual);
}

static void try_one_name(const uint8_t *wire, size_t size, uint32_t cap) {
  uint32_t len = 0, back = 0;
  uint8_t *text = fuzz_clip(to_text, wire, size, cap, &len);
  if (text != NULL) {
    uint8_t *again = fuzz_clip(to_wire, text, len, cap, &back);
    CHECK(again != NULL && back == size && memcmp(again, wire, size) == 0);
    free(again);
  }
  free(text);
  free(fuzz_clip(to_wire, wire, size, cap, &len));
}
