/* rq_param.c: service parameters as presentation text; see rq_param.h.
 *
 * Never drops a parameter: an unknown key is shown as keyNNNNN. Values are written by their kinds, on one line in any
 * style. Serves RFC 9460 sections 2.1, 7 and appendix A. SPDX-License-Identifier: MIT */
#include "rq_param.h"

#include "rq_text.h"

void rq_param_key_to_text(uint16_t key, rq_out *out) {
  const rq_type *param = rq_param_find(key);
  if (param != NULL) {
    rq_text_put(out, param->mnemonic);
  } else {
    rq_text_put(out, "key");
    rq_decimal_text(key, out);
  }
}

/* The value of a known key: its only field. */
static int known_to_text(const rq_type *param, const rq_cur *octets, unsigned style, rq_out *out) {
  rq_rdata it;
  rq_value value;
  rq_rdata_begin(&it, param, octets);
  return rq_rdata_next(&it, &value) == 1 && rq_value_to_text(&value, style & RQ_STYLE_JSON, out);
}

int rq_params_to_text(const rq_cur *params, unsigned style, rq_out *out) {
  rq_cur rest = *params, value;
  uint16_t key;
  const char *before = "";
  while (rq_pairs_next(&rest, &key, &value)) {
    const rq_type *param = rq_param_find(key);
    rq_text_put(out, before);
    before = " ";
    rq_param_key_to_text(key, out);
    if (rq_cur_left(&value) == 0) continue;
    rq_out_u8(out, '=');
    if (param == NULL)
      rq_quoted_to_text(&value, style, out);
    else if (!known_to_text(param, &value, style, out))
      return 0;
  }
  return 1;
}
