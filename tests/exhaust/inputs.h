/* inputs.h: reads what inputs.py writes: a line for each input, its kind, a blank, its octets in hexadecimal.
 * SPDX-License-Identifier: MIT */
#ifndef INPUTS_H
#define INPUTS_H

#include "guard.h"

#define INPUT_MAX 65535

static inline int input_digit(int character) {
  if (character >= '0' && character <= '9') return character - '0';
  return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* Octets of the next input, 0 after the last. */
static inline size_t input_read(char *kind, uint8_t octets[INPUT_MAX]) {
  int first = getchar();
  if (first == EOF) return 0;
  *kind = (char)first;
  CHECK(getchar() == ' ');
  for (size_t len = 0;; len++) {
    int high = input_digit(getchar());
    if (high < 0) return len;
    int low = input_digit(getchar());
    CHECK(low >= 0 && len < INPUT_MAX);
    octets[len] = (uint8_t)(high * 16 + low);
  }
}

#endif
