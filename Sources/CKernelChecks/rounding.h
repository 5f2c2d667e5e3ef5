/* The rounding of processors that multiply BF16. */
#ifndef PK_ROUNDING_H
#define PK_ROUNDING_H

#include <string.h>

#include "CKernels.h"

/* Half to even; subnormal numbers become zero. */
static inline uint16_t bf16_rounded(float x) {
  uint32_t pattern;
  memcpy(&pattern, &x, sizeof pattern);
  return (pattern & 0x7F800000u) == 0 ? (uint16_t)(pattern >> 16 & 0x8000u) : pk_f32_to_bf16(x);
}

#endif
