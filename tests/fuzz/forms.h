/* forms.h: is it printable, is it UTF-8, is it JSON, is it MessagePack? Independent of the renderers that are under
 * test.
 *
 * Serves RFC 3629 (UTF-8), RFC 8259 (JSON) and the MessagePack specification, as far as the renderers use it: no
 * extension types, no maps. SPDX-License-Identifier: MIT */
#ifndef FORMS_H
#define FORMS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FORM_DEPTH 16 /* no rendered value nests deeper */

typedef struct form {
  const uint8_t *at, *end;
} form;

/* ASCII that can be shown, tabs and newlines. */
static inline int form_is_printable(const uint8_t *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' && text[i] != '\t') return 0;
  return 1;
}

/* Passes one UTF-8 sequence: shortest form, no surrogates, at most U+10FFFF. */
static inline int form_utf8(form *f) {
  static const struct {
    uint8_t first, last, low, high, more;
  } rows[] = {{0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
              {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
              {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3}};
  uint8_t first = *f->at++;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (first < rows[i].first || first > rows[i].last) continue;
    if (f->end - f->at < rows[i].more) return 0;
    for (unsigned k = 0; k < rows[i].more; k++) {
      uint8_t low = k == 0 ? rows[i].low : 0x80, high = k == 0 ? rows[i].high : 0xbf;
      if (f->at[k] < low || f->at[k] > high) return 0;
    }
    f->at += rows[i].more;
    return 1;
  }
  return 0;
}

/* Text that is shown on a terminal: no control characters but tabs and newlines, those of Unicode (U+0080 to U+009F)
 * left out too. */
static inline int form_is_shown(const uint8_t *text, size_t len) {
  form f = {text, text + len};
  while (f.at < f.end) {
    const uint8_t *first = f.at;
    if (*first < 0x80 ? !form_is_printable(first, 1) : *first == 0xc2 && f.end - first > 1 && first[1] < 0xa0) return 0;
    if (!form_utf8(&f)) return 0;
  }
  return 1;
}

static inline int form_byte(form *f, char wanted) {
  if (f->at == f->end || *f->at != (uint8_t)wanted) return 0;
  f->at++;
  return 1;
}

static inline int form_word(form *f, const char *word) {
  while (*word != 0)
    if (!form_byte(f, *word++)) return 0;
  return 1;
}

static inline int form_hex4(form *f) {
  for (unsigned i = 0; i < 4; i++, f->at++)
    if (f->at == f->end || *f->at == 0 || strchr("0123456789abcdefABCDEF", *f->at) == NULL) return 0;
  return 1;
}

static inline int form_json_string(form *f) {
  if (!form_byte(f, '"')) return 0;
  while (f->at < f->end && *f->at != '"') {
    if (*f->at < ' ') return 0;
    if (form_byte(f, '\\')) {
      if (f->at == f->end || *f->at == 0 || strchr("\"\\/bfnrtu", *f->at) == NULL) return 0;
      if (*f->at++ == 'u' && !form_hex4(f)) return 0;
    } else if (!form_utf8(f)) {
      return 0;
    }
  }
  return form_byte(f, '"');
}

static inline int form_digits(form *f) {
  const uint8_t *from = f->at;
  while (f->at < f->end && *f->at >= '0' && *f->at <= '9') f->at++;
  return f->at > from;
}

static inline int form_json_number(form *f) {
  form_byte(f, '-');
  const uint8_t *from = f->at;
  if (!form_digits(f)) return 0;
  if (*from == '0' && f->at - from > 1) return 0;
  if (form_byte(f, '.') && !form_digits(f)) return 0;
  if (!form_byte(f, 'e') && !form_byte(f, 'E')) return 1;
  if (!form_byte(f, '+')) form_byte(f, '-');
  return form_digits(f);
}

static inline int form_json_value(form *f, unsigned depth);

/* What stands between the brackets of an array or object, and the closing one. */
static inline int form_json_items(form *f, char close, unsigned depth) {
  if (depth == 0) return 0;
  if (form_byte(f, close)) return 1;
  do {
    if (close == '}' && !(form_json_string(f) && form_byte(f, ':'))) return 0;
    if (!form_json_value(f, depth - 1)) return 0;
  } while (form_byte(f, ','));
  return form_byte(f, close);
}

/* One value, written as the renderers do: without blanks between tokens. */
static inline int form_json_value(form *f, unsigned depth) {
  if (f->at == f->end) return 0;
  switch (*f->at) {
    case '"':
      return form_json_string(f);
    case '[':
      return form_byte(f, '[') && form_json_items(f, ']', depth);
    case '{':
      return form_byte(f, '{') && form_json_items(f, '}', depth);
    case 't':
      return form_word(f, "true");
    case 'f':
      return form_word(f, "false");
    case 'n':
      return form_word(f, "null");
    default:
      return form_json_number(f);
  }
}

static inline int form_is_json(const uint8_t *text, size_t len) {
  form f = {text, text + len};
  return form_json_value(&f, FORM_DEPTH) && f.at == f.end;
}

/* A big-endian number of `n` octets. */
static inline int form_number(form *f, unsigned n, uint64_t *value) {
  *value = 0;
  if (f->end - f->at < (ptrdiff_t)n) return 0;
  while (n-- > 0) *value = *value * 256u + *f->at++;
  return 1;
}

static inline int form_octets(form *f, uint64_t n, int utf8) {
  if ((uint64_t)(f->end - f->at) < n) return 0;
  form inside = {f->at, f->at + n};
  f->at += n;
  while (utf8 && inside.at < inside.end)
    if (!form_utf8(&inside)) return 0;
  return 1;
}

static inline int form_msgpack_value(form *f, unsigned depth);

static inline int form_msgpack_items(form *f, uint64_t n, unsigned depth) {
  if (depth == 0) return 0;
  while (n-- > 0)
    if (!form_msgpack_value(f, depth - 1)) return 0;
  return 1;
}

static inline int form_msgpack_value(form *f, unsigned depth) {
  static const uint8_t sizes[] = {[0x4] = 1,  [0x5] = 2,  [0x6] = 4,              /* 0xc4 bin */
                                  [0xa] = 4,  [0xb] = 8,                          /* 0xca float */
                                  [0xc] = 1,  [0xd] = 2,  [0xe] = 4,  [0xf] = 8,  /* 0xcc uint */
                                  [0x10] = 1, [0x11] = 2, [0x12] = 4, [0x13] = 8, /* 0xd0 int */
                                  [0x19] = 1, [0x1a] = 2, [0x1b] = 4,             /* 0xd9 str */
                                  [0x1c] = 2, [0x1d] = 4};                        /* 0xdc array */
  if (f->at == f->end) return 0;
  uint8_t tag = *f->at++;
  uint64_t n = 0;
  if (tag < 0x80 || tag >= 0xe0) return 1;
  if (tag < 0x90) return 0;
  if (tag < 0xa0) return form_msgpack_items(f, tag % 16u, depth);
  if (tag < 0xc0) return form_octets(f, tag % 32u, 1);
  if (tag == 0xc0 || tag == 0xc2 || tag == 0xc3) return 1;
  size_t row = tag - 0xc0u;
  if (row >= sizeof sizes || sizes[row] == 0 || !form_number(f, sizes[row], &n)) return 0;
  if (tag <= 0xc6) return form_octets(f, n, 0);
  if (tag >= 0xdc) return form_msgpack_items(f, n, depth);
  return tag < 0xd9 || form_octets(f, n, 1);
}

/* Exactly one value. */
static inline int form_is_msgpack(const uint8_t *octets, size_t len) {
  form f = {octets, octets + len};
  return form_msgpack_value(&f, FORM_DEPTH) && f.at == f.end;
}

#endif
