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

/* 1.5 · 2^23: adding it leaves no bits below the unit, so the addition rounds half to even, and the low bits of the
 * sum hold the integer. Valid for |value| < 2^22; for larger values the result is an arbitrary integer. */
#define PK_ROUNDER 12582912.0f

static inline int32_t pk_round_to_int(float value) {
  return (int32_t)(pk_bits(value + PK_ROUNDER) - pk_bits(PK_ROUNDER));
}

static inline int32_t pk_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

/* max(v, ±0), and NaN if v is not finite, because −∞ must not silently become 0. */
static inline float pk_relu(float v) { return v > v * 0 ? v : v * 0; }

/* Bounds of values and of 0: they start at −0 and +0. Compared as bit patterns, so that a NaN exceeds every number of
 * its sign. A comparison of floats would ignore it. */
static inline float pk_lower(float bound, float v) { return pk_bits(v) > pk_bits(bound) ? v : bound; }
static inline float pk_upper(float bound, float v) { return (int32_t)pk_bits(v) > (int32_t)pk_bits(bound) ? v : bound; }

#endif
