/* rq_lines.c: text -> lines; see rq_lines.h and rq_lines() in rq_api.h.
 *
 * Exists so that a file of names becomes the engine's input without a Python object per name. Judges no name: what
 * stands on a line is an input, and gets its row. SPDX-License-Identifier: MIT */
#include "rq_lines.h"

#include "../resquery.h"

static void blanks_strip(rq_cur *line);

int32_t rq_lines(const uint8_t *text, uint32_t len, uint8_t last, uint8_t *octets, int32_t *offsets, uint32_t max,
                 uint32_t *consumed, uint32_t *blank) {
  rq_cur at, line;
  rq_out out;
  uint32_t count = 0;
  /* Offsets are signed 32-bit, as in an Arrow string column: more text than they reach is left for the next call. */
  if (len > INT32_MAX) {
    len = INT32_MAX;
    last = 0;
  }
  rq_cur_init(&at, text, len);
  rq_out_init(&out, octets, len);
  offsets[0] = 0;
  *blank = 0;
  while (count < max && rq_line_next(&at, last, &line)) {
    blanks_strip(&line);
    if (rq_cur_left(&line) == 0) {
      ++*blank;
      continue;
    }
    rq_out_take(&out, &line, rq_cur_left(&line));
    count++;
    offsets[count] = (int32_t)rq_out_wanted(&out);
  }
  *consumed = (uint32_t)rq_cur_pos(&at);
  return (int32_t)count;
}

int rq_line_next(rq_cur *text, int last, rq_cur *line) {
  size_t len = rq_cur_before(text, '\n');
  int ends = len < rq_cur_left(text);
  if (!ends && (!last || len == 0)) return 0;
  rq_cur_take(text, len, line);
  if (ends) rq_cur_skip(text, 1);
  return 1;
}

int rq_is_blank(uint8_t octet) {
  return octet == ' ' || octet == '\t' || octet == '\r';
}

/* Narrows a line to what stands from its first to its last octet that is no blank. */
static void blanks_strip(rq_cur *line) {
  while (rq_is_blank(rq_cur_peek(line, 0))) rq_cur_skip(line, 1);
  rq_cur from = *line;
  size_t len = rq_cur_left(line);
  while (len > 0 && rq_is_blank(rq_cur_peek(line, len - 1))) len--;
  rq_cur_take(&from, len, line);
}
