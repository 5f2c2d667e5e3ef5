/* Bit patterns and rounding shared by the scalar definitions. */
#ifndef PK_BITS_H
#define PK_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t pk_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float pk_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* 1.5 · 2^23: adding it leaves no bits below the unit, so the addition itself rounds half to even, and the integer
 * stands in the low bits of the sum. Valid for |value| < 2^22; beyond, the result is some integer. */
#define PK_ROUNDER 12582912.0f

static inline int32_t pk_round_to_int(float value) {
  return (int32_t)(pk_bits(value + PK_ROUNDER) - pk_bits(PK_ROUNDER));
}

static inline int32_t pk_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

#endif
