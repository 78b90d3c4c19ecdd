/* rq_loc.c: LOC records as text; see rq_loc.h.
 *
 * Integers only: what is printed reads back to the same octets, and what would not is refused. Serves RFC 1876
 * sections 2 and 3. SPDX-License-Identifier: MIT */
#include "rq_loc.h"

#include "rq_encode.h"

#define EQUATOR 2147483648u /* and prime meridian: 2^31 thousandths of a second */
#define DEGREE 3600000u     /* thousandths of a second */
#define SEA_LEVEL 10000000u /* centimetres above the lowest altitude */

enum { VERSION, SIZE, HORIZONTAL, VERTICAL, LATITUDE, LONGITUDE, ALTITUDE, FIELDS };

/* Four bits of mantissa, four of a power of ten, in centimetres. */
static int is_precision(uint32_t v) {
  return v == 0 || (v / 16 > 0 && v / 16 < 10 && v % 16 < 10);
}

static void precision_text(uint32_t v, rq_out *out) {
  uint64_t centimetres = v / 16;
  for (uint32_t power = v % 16; power > 0; power--) centimetres *= 10;
  rq_decimal_text(centimetres / 100, out);
  if (centimetres < 100) {
    rq_out_u8(out, '.');
    rq_padded_to_text(centimetres, 2, out);
  }
  rq_text_put(out, "m");
}

static int angle_text(uint32_t v, uint32_t degrees_max, const char *positive, const char *negative, rq_out *out) {
  uint32_t distance = v >= EQUATOR ? v - EQUATOR : EQUATOR - v;
  if (distance > degrees_max * DEGREE) return 0;
  rq_decimal_text(distance / DEGREE, out);
  rq_out_u8(out, ' ');
  rq_decimal_text(distance / 60000u % 60u, out);
  rq_out_u8(out, ' ');
  rq_decimal_text(distance / 1000u % 60u, out);
  rq_out_u8(out, '.');
  rq_padded_to_text(distance % 1000u, 3, out);
  rq_text_put(out, v >= EQUATOR ? positive : negative);
  return 1;
}

static void altitude_text(uint32_t v, rq_out *out) {
  uint32_t distance = v >= SEA_LEVEL ? v - SEA_LEVEL : SEA_LEVEL - v;
  if (v < SEA_LEVEL) rq_out_u8(out, '-');
  rq_decimal_text(distance / 100u, out);
  rq_out_u8(out, '.');
  rq_padded_to_text(distance % 100u, 2, out);
  rq_text_put(out, "m");
}

static int fields_read(rq_rdata *it, uint32_t numbers[FIELDS]) {
  rq_value value;
  for (unsigned i = 0; i < FIELDS; i++) {
    if (rq_rdata_next(it, &value) != 1) return 0;
    numbers[i] = (uint32_t)value.number;
  }
  return rq_rdata_next(it, &value) == 0;
}

int rq_loc_to_text(rq_rdata *it, rq_out *out) {
  uint32_t v[FIELDS];
  if (!fields_read(it, v) || v[VERSION] != 0) return 0;
  if (!is_precision(v[SIZE]) || !is_precision(v[HORIZONTAL]) || !is_precision(v[VERTICAL])) return 0;
  if (!angle_text(v[LATITUDE], 90, " N ", " S ", out)) return 0;
  if (!angle_text(v[LONGITUDE], 180, " E ", " W ", out)) return 0;
  altitude_text(v[ALTITUDE], out);
  for (unsigned i = SIZE; i <= VERTICAL; i++) {
    rq_out_u8(out, ' ');
    precision_text(v[i], out);
  }
  return 1;
}
