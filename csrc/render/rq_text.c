/* rq_text.c: strings, names and whole RDATA as presentation text, as BIND prints it (RFC 1035, 5.1); see rq_text.h.
 *
 * No code for a type; LOC, whose text is not its fields in order, goes by its shape. Never drops data: what has no text
 * that reads back is shown as \# (RFC 3597, 5). SPDX-License-Identifier: MIT */
#include "rq_text.h"

#include "rq_fold.h"
#include "rq_loc.h"

void rq_special_to_text(uint8_t octet, unsigned style, rq_out *out) {
  if ((style & RQ_STYLE_JSON) != 0) rq_out_u8(out, '\\');
  rq_out_u8(out, octet);
}

void rq_quoted_octet(uint8_t octet, unsigned style, rq_out *out) {
  if (octet < ' ' || octet > '~') {
    rq_special_to_text('\\', style, out);
    rq_padded_to_text(octet, 3, out);
  } else if (octet == '"' || octet == '\\') {
    rq_special_to_text('\\', style, out);
    rq_special_to_text(octet, style, out);
  } else {
    rq_out_u8(out, octet);
  }
}

/* Nearly all octets of nearly all strings are plain: these are copied in runs. */
void rq_quoted_to_text(rq_cur *octets, unsigned style, rq_out *out) {
  rq_special_to_text('"', style, out);
  for (;;) {
    rq_out_unmarked(out, octets, rq_beyond_plain);
    if (rq_cur_left(octets) == 0) break;
    rq_quoted_octet(rq_cur_u8(octets), style, out);
  }
  rq_special_to_text('"', style, out);
}

void rq_styled_name_to_text(const rq_name *name, unsigned style, rq_out *out) {
  uint8_t text[RQ_TEXT_MAX];
  rq_out whole;
  rq_cur octets;
  if ((style & RQ_STYLE_JSON) == 0) {
    rq_name_text(name, out);
    return;
  }
  rq_out_init(&whole, text, sizeof text);
  rq_name_text(name, &whole);
  rq_cur_init(&octets, text, rq_out_stored(&whole));
  for (;;) {
    rq_out_unmarked(out, &octets, rq_beyond_plain);
    if (rq_cur_left(&octets) == 0) return;
    rq_special_to_text(rq_cur_u8(&octets), style, out);
  }
}

void rq_bare_name_to_text(const rq_name *name, rq_out *out) {
  size_t mark = rq_out_wanted(out);
  rq_name_text(name, out);
  if (rq_out_wanted(out) - mark > 1) rq_out_rewind(out, rq_out_wanted(out) - 1);
}

/* Hexadecimal or base64, in words of 56 characters, of 44 when folded; `wide` and `narrow` are as many octets. */
static void words_to_text(const rq_cur *all, void (*write)(rq_cur *, rq_out *), size_t wide, size_t narrow,
                          unsigned style, rq_out *out) {
  rq_cur rest = *all, word;
  size_t most = (style & RQ_STYLE_FOLDED) != 0 ? narrow : (style & RQ_STYLE_WORDS) != 0 ? wide : rq_cur_left(&rest);
  while (rq_cur_left(&rest) > most) {
    rq_cur_take(&rest, most, &word);
    write(&word, out);
    rq_text_put(out, (style & RQ_STYLE_FOLDED) != 0 ? RQ_BREAK : " ");
  }
  write(&rest, out);
}

void rq_hex_words_to_text(const rq_cur *octets, unsigned style, rq_out *out) {
  words_to_text(octets, rq_hex_to_text, 28, 22, style, out);
}

void rq_base64_words_to_text(const rq_cur *octets, unsigned style, rq_out *out) {
  words_to_text(octets, rq_base64_to_text, 42, 33, style, out);
}

/* --- whole RDATA --- */

/* The fields with a blank between them; a field that writes nothing (an empty type bitmap) gets none. A field that
 * does not fold is written as if nothing did. */
static int fields_to_text(rq_rdata *it, const rq_fold *fold, unsigned style, rq_out *out) {
  rq_value value;
  int more, first = 1;
  for (size_t i = 0; (more = rq_rdata_next(it, &value)) == 1; i++) {
    uint8_t mark = fold != NULL && i < RQ_FOLD_FIELDS ? fold->marks[i] : 0;
    size_t begun = rq_out_wanted(out);
    rq_fold_gap(mark, first, out);
    size_t written = rq_out_wanted(out);
    if (!rq_value_to_text(&value, mark != 0 ? style : style & ~(unsigned)RQ_STYLE_FOLDED, out)) return 0;
    rq_fold_explain(mark, &value, written, out);
    if (rq_out_wanted(out) > written)
      first = 0;
    else
      rq_out_rewind(out, begun);
  }
  return more == 0;
}

void rq_generic_to_text(const rq_cur *rdata, unsigned style, rq_out *out) {
  int folded = (style & RQ_STYLE_FOLDED) != 0;
  rq_special_to_text('\\', style, out);
  rq_text_put(out, "# ");
  rq_decimal_text(rq_cur_left(rdata), out);
  if (rq_cur_left(rdata) == 0) return;
  rq_text_put(out, folded ? " ( " : " ");
  rq_hex_words_to_text(rdata, style, out);
  if (folded) rq_text_put(out, " )");
}

/* 1, or 0 when the RDATA has no text of its own. */
static int typed_to_text(const rq_type *type, const rq_cur *rdata, unsigned style, rq_out *out) {
  const rq_fold *fold = (style & RQ_STYLE_FOLDED) != 0 ? rq_fold_find(type->number) : NULL;
  rq_rdata it;
  rq_rdata_begin(&it, type, rdata);
  if (type->shape == RQ_SHAPE_LOC) return rq_loc_to_text(&it, out);
  if (!fields_to_text(&it, fold, style, out)) return 0;
  if (fold != NULL) rq_fold_end(fold, rdata, out);
  return 1;
}

void rq_rdata_to_text(uint16_t rrtype, const rq_cur *rdata, unsigned style, rq_out *out) {
  const rq_type *type = rq_type_find(rrtype);
  size_t mark = rq_out_wanted(out);
  if (type != NULL && typed_to_text(type, rdata, style, out)) return;
  rq_out_rewind(out, mark);
  rq_generic_to_text(rdata, style, out);
}

/* --- for Python, see rq_api.h --- */

int32_t rq_rdata_text(uint16_t rrtype, const uint8_t *rdata, uint32_t len, char *out, uint32_t cap, uint32_t *actual) {
  rq_cur octets;
  rq_out o;
  rq_cur_init(&octets, rdata, len);
  rq_out_init(&o, (uint8_t *)out, cap);
  rq_rdata_to_text(rrtype, &octets, RQ_STYLE_ZONE, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
