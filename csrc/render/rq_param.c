/* rq_param.c: service parameters as presentation text; see rq_param.h.
 *
 * Never drops a parameter: an unknown key is shown as keyNNNNN, a value that does not fit makes the caller show the
 * whole RDATA as octets. Serves RFC 9460 sections 2.1, 7 and appendix A. SPDX-License-Identifier: MIT */
#include "rq_param.h"

#include "rq_encode.h"
#include "rq_text.h"

typedef struct param {
  const char *name;
  rq_form form;
} param;

/* By key. */
static const param params[] = {{"mandatory", RQ_F_KEYS}, {"alpn", RQ_F_NAMES},    {"no-default-alpn", RQ_F_FLAG},
                               {"port", RQ_F_PORT},      {"ipv4hint", RQ_F_IPV4}, {"ech", RQ_F_BASE64},
                               {"ipv6hint", RQ_F_IPV6},  {"dohpath", RQ_F_TEXT},  {"ohttp", RQ_F_FLAG}};

#define PARAM_COUNT (sizeof params / sizeof params[0])

rq_form rq_param_form(uint16_t key) {
  return key < PARAM_COUNT ? params[key].form : RQ_F_TEXT;
}

void rq_param_key_to_text(uint16_t key, rq_out *out) {
  if (key < PARAM_COUNT) {
    rq_out_text(out, params[key].name);
  } else {
    rq_out_text(out, "key");
    rq_decimal_text(key, out);
  }
}

void rq_param_item_to_text(rq_form form, rq_cur *value, rq_out *out) {
  rq_cur item;
  if (form == RQ_F_KEYS) {
    uint16_t key = rq_cur_u16(value);
    rq_param_key_to_text(key, out);
  } else if (form == RQ_F_IPV4) {
    rq_cur_take(value, 4, &item);
    rq_ipv4_text(&item, out);
  } else {
    rq_cur_take(value, 16, &item);
    rq_ipv6_text(&item, out);
  }
}

static int items_to_text(rq_form form, rq_cur *value, rq_out *out) {
  rq_out_u8(out, '=');
  rq_param_item_to_text(form, value, out);
  while (rq_cur_left(value) > 0) {
    rq_out_u8(out, ',');
    rq_param_item_to_text(form, value, out);
  }
  return rq_cur_good(value);
}

/* As the keys of "mandatory" must (RFC 9460, 8): readers of the text put them in that order. */
static int keys_ascend(rq_cur keys) {
  uint32_t least = 0;
  while (rq_cur_left(&keys) > 0) {
    uint16_t key = rq_cur_u16(&keys);
    if (key < least) return 0;
    least = key + 1u;
  }
  return 1;
}

/* One string of a comma-separated list that itself stands in quotes: both want escapes (RFC 9460, appendix A.1). */
static void listed_to_text(rq_cur *string, unsigned style, rq_out *out) {
  while (rq_cur_left(string) > 0) {
    uint8_t octet = rq_cur_u8(string);
    if (octet == ',' || octet == '\\') rq_quoted_octet('\\', style, out);
    rq_quoted_octet(octet, style, out);
  }
}

static int names_to_text(rq_cur *value, unsigned style, rq_out *out) {
  const char *before = "";
  if (rq_cur_left(value) == 0) return 0;
  rq_out_u8(out, '=');
  rq_special_to_text('"', style, out);
  while (rq_cur_left(value) > 0) {
    rq_cur string;
    uint8_t len = rq_cur_u8(value);
    rq_cur_take(value, len, &string);
    if (len == 0 || !rq_cur_good(value)) return 0;
    rq_out_text(out, before);
    listed_to_text(&string, style, out);
    before = ",";
  }
  rq_special_to_text('"', style, out);
  return 1;
}

static int value_to_text(rq_form form, rq_cur *value, unsigned style, rq_out *out) {
  switch (form) {
    case RQ_F_FLAG:
      return rq_cur_left(value) == 0;
    case RQ_F_NAMES:
      return names_to_text(value, style, out);
    case RQ_F_KEYS:
      return keys_ascend(*value) && items_to_text(form, value, out);
    case RQ_F_IPV4:
    case RQ_F_IPV6:
      return items_to_text(form, value, out);
    case RQ_F_PORT:
      rq_out_u8(out, '=');
      rq_decimal_text(rq_cur_u16(value), out);
      return rq_cur_done(value);
    case RQ_F_BASE64:
      if (rq_cur_left(value) == 0) return 0;
      rq_out_u8(out, '=');
      rq_base64_to_text(value, out);
      return 1;
    case RQ_F_TEXT:
      if (rq_cur_left(value) == 0) return 1;
      rq_out_u8(out, '=');
      rq_quoted_to_text(value, style, out);
      return 1;
  }
  return 0;
}

int rq_params_to_text(const rq_cur *all, unsigned style, rq_out *out) {
  rq_cur rest = *all, value;
  uint16_t key;
  int first = 1;
  while (rq_pairs_next(&rest, &key, &value)) {
    if (!first) rq_out_u8(out, ' ');
    first = 0;
    rq_param_key_to_text(key, out);
    if (!value_to_text(rq_param_form(key), &value, style, out)) return 0;
  }
  return 1;
}
