/* fuzz.h: what the fuzz targets share: input taken apart octet by octet, exact-size heap blocks, and a check that
 * aborts.
 *
 * Every message is copied to a heap block of exactly its size and every output block has exactly the stated capacity,
 * so that AddressSanitizer sees an access of one octet too many. SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) fuzz_check((condition) != 0, #condition, __FILE__, __LINE__)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what did not hold and aborts, which libFuzzer reports as a crash. */
static inline void fuzz_check(int holds, const char *condition, const char *file, int line) {
  if (holds) return;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
  abort();
}

/* What is left of the input. */
typedef struct fuzz_in {
  const uint8_t *at;
  size_t left;
} fuzz_in;

/* The next two octets as a number; zero at the end of the input. */
static inline uint16_t fuzz_u16(fuzz_in *in) {
  if (in->left < 2) return 0;
  uint16_t value = (uint16_t)(in->at[0] * 256u + in->at[1]);
  in->at += 2;
  in->left -= 2;
  return value;
}

/* The next `n` octets, or all that are left, on a heap block of exactly that size. The caller frees it. */
static inline uint8_t *fuzz_take(fuzz_in *in, size_t n, size_t *taken) {
  size_t size = n < in->left ? n : in->left;
  uint8_t *block = malloc(size);
  CHECK(block != NULL || size == 0);
  if (size > 0) memcpy(block, in->at, size);
  in->at += size;
  in->left -= size;
  *taken = size;
  return block;
}

/* A copy on a heap block of exactly `size` octets. The caller frees it. */
static inline uint8_t *fuzz_copy(const uint8_t *from, size_t size) {
  fuzz_in in = {from, size};
  return fuzz_take(&in, size, &size);
}

/* A function of rq_api.h that renders octets into a caller's block. */
typedef int32_t (*fuzz_render)(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual);

/* Renders three times: for the length alone, whole, and into a block of `cap` octets. Holds them against each other:
 * min(actual, cap) is returned and the short output is a prefix of the whole. Returns the whole output, NULL after a
 * failure that all three report; *len is its length. The caller frees it. */
static inline uint8_t *fuzz_clip(fuzz_render render, const uint8_t *wire, size_t size, uint32_t cap, uint32_t *len) {
  uint32_t actual = 0, again = 0;
  int32_t counted = render(wire, (uint32_t)size, NULL, 0, len);
  uint8_t *small = malloc(cap);
  CHECK(small != NULL || cap == 0);
  int32_t stored = render(wire, (uint32_t)size, small, cap, &actual);
  if (counted < 0) {
    CHECK(stored == counted);
    free(small);
    return NULL;
  }
  uint8_t *whole = malloc(*len);
  CHECK(whole != NULL || *len == 0);
  CHECK(counted == 0);
  CHECK(render(wire, (uint32_t)size, whole, *len, &again) == (int32_t)*len);
  CHECK(actual == *len && again == *len);
  CHECK(stored == (int32_t)(actual < cap ? actual : cap));
  CHECK(stored == 0 || memcmp(small, whole, (size_t)stored) == 0);
  free(small);
  return whole;
}

#endif
