/* Arithmetic on sixteen lanes, written once and compiled for the instruction set of the including file: one register
 * with AVX-512, two with AVX2. Multiplications and additions are not fused, so every lane holds the same bits as the
 * scalar definition.
 *
 * Include inside a `#pragma clang attribute push(target)` region. */
#ifndef PK_WIDE_H
#define PK_WIDE_H

#include "bits.h"
#include "constants.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF
/* Every function that passes wide vectors is inlined: no ABI is involved. */
#pragma clang diagnostic ignored "-Wpsabi"

#define WIDE 16
#define INLINE static inline __attribute__((always_inline))

typedef float f32x16 __attribute__((vector_size(64), aligned(4)));
typedef float f32x8 __attribute__((vector_size(32), aligned(4)));
typedef float f32x4 __attribute__((vector_size(16), aligned(4)));
typedef int32_t i32x16 __attribute__((vector_size(64), aligned(4)));
typedef uint32_t u32x16 __attribute__((vector_size(64), aligned(4)));
typedef int16_t i16x16 __attribute__((vector_size(32), aligned(2)));
typedef uint16_t u16x16 __attribute__((vector_size(32), aligned(2)));
typedef int8_t i8x16 __attribute__((vector_size(16), aligned(1)));
typedef uint8_t u8x16 __attribute__((vector_size(16), aligned(1)));

INLINE f32x16 spread(float x) { return (f32x16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE f32x16 load(const float *x) { return *(const f32x16 *)x; }
INLINE void store(float *y, f32x16 v) { *(f32x16 *)y = v; }

/* `count` < 16 elements; the other lanes are `rest`. */
INLINE f32x16 load_part(const float *x, size_t count, float rest) {
  f32x16 v = spread(rest);
  for (size_t i = 0; i < count; i++) v[i] = x[i];
  return v;
}

INLINE void store_part(float *y, f32x16 v, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = v[i];
}

/* Functions of one lane, for 16 lanes and for those of a row of a tile. `larger` is the scalar `a > b ? a : b`: the second
 * operand if they are equal or unordered. */
#define OVERLOADED INLINE __attribute__((overloadable))
#define LANEWISE(floats, integers)                                              \
  OVERLOADED floats choose(integers mask, floats a, floats b) {                 \
    return (floats)((mask & (integers)a) | (~mask & (integers)b));              \
  }                                                                             \
  OVERLOADED floats larger(floats a, floats b) { return choose(a > b, a, b); }  \
  OVERLOADED floats smaller(floats a, floats b) { return choose(a < b, a, b); } \
  OVERLOADED floats relu(floats v) { return larger(v, v * 0.0f); } /* pk_relu */
LANEWISE(f32x16, i32x16)

/* Like pk_lower and pk_upper, lane by lane. */
INLINE f32x16 lower(f32x16 bound, f32x16 v) { return (f32x16)__builtin_elementwise_max((u32x16)bound, (u32x16)v); }
INLINE f32x16 upper(f32x16 bound, f32x16 v) { return (f32x16)__builtin_elementwise_max((i32x16)bound, (i32x16)v); }
INLINE f32x16 magnitude(f32x16 x) { return (f32x16)((i32x16)x & 0x7FFFFFFF); }

/* Combines lanes in halves: 8 + 8, 4 + 4, 2 + 2, 1 + 1. */
#define FOLD(name, combine)                                                                            \
  INLINE float name(f32x16 v) {                                                                        \
    v = combine(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0)); \
    v = combine(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));       \
    v = combine(v, __builtin_shufflevector(v, v, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));       \
    v = combine(v, __builtin_shufflevector(v, v, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));       \
    return v[0];                                                                                       \
  }
INLINE f32x16 plus(f32x16 a, f32x16 b) { return a + b; }
FOLD(fold_sum, plus)
FOLD(fold_largest, larger)
FOLD(fold_lower, lower)
FOLD(fold_upper, upper)
#undef FOLD

INLINE i32x16 round_to_int(f32x16 x) { return (i32x16)(x + PK_ROUNDER) - (i32x16)spread(PK_ROUNDER); }

/* 256 · high + low, exact in FP64 and rounded once. */
INLINE f32x16 joined(i32x16 high, i32x16 low) {
  typedef double f64x16 __attribute__((vector_size(128), aligned(8)));
  return __builtin_convertvector(__builtin_convertvector(high, f64x16) * 256.0 + __builtin_convertvector(low, f64x16), f32x16);
}

INLINE i32x16 clamp(i32x16 v, int32_t low, int32_t high) {
  v = __builtin_elementwise_max(v, (i32x16){0} + low);
  return __builtin_elementwise_min(v, (i32x16){0} + high);
}

/* pk_expf, lane by lane, for PK_EXP_LOW ≤ x ≤ PK_EXP_FINITE. A NaN stays NaN, with any power of two. */
INLINE f32x16 exponential(f32x16 x) {
  f32x16 biased = x * PK_LOG2_E + PK_ROUNDER;
  f32x16 n = biased - PK_ROUNDER;
  f32x16 r = (x - n * PK_LN2_HIGH) - n * PK_LN2_LOW;
  f32x16 p = r * PK_EXP_P4 + PK_EXP_P3;
  p = p * r + PK_EXP_P2;
  p = p * r + PK_EXP_P1;
  p = p * r + PK_EXP_P0;
  f32x16 mantissa = (r + r * r * p) + 1.0f;
  /* The shift does not affect n: the lowest bit of the rounder's pattern is bit 22. */
  return mantissa * (f32x16)(((u32x16)biased << 23) + (127u << 23));
}

/* pk_expf, lane by lane, for x ≤ PK_EXP_FINITE. */
INLINE f32x16 exponential_or_zero(f32x16 x) { return (f32x16)(~(x < PK_EXP_LOW) & (i32x16)exponential(x)); }

/* ---- Activations, on the lanes of a row of a tile. ---- */

typedef float f32s __attribute__((vector_size(TILE_PANELS * WIDE * sizeof(float)), aligned(4)));
typedef int32_t i32s __attribute__((vector_size(TILE_PANELS * WIDE * sizeof(float)), aligned(4)));
typedef uint32_t u32s __attribute__((vector_size(TILE_PANELS * WIDE * sizeof(float)), aligned(4)));
#if TILE_PANELS > 1
LANEWISE(f32s, i32s)
#endif

/* pk_exp2, lane by lane, for −126 ≤ x ≤ 126. */
INLINE f32s exponential_of_two(f32s x) {
  f32s biased = x + PK_ROUNDER;
  f32s r = x - (biased - PK_ROUNDER);
  f32s p = r * PK_EXP2_P5 + PK_EXP2_P4;
  p = p * r + PK_EXP2_P3;
  p = p * r + PK_EXP2_P2;
  p = p * r + PK_EXP2_P1;
  p = p * r + PK_EXP2_P0;
  /* The shift does not affect n: the lowest bit of the rounder's pattern is bit 22. */
  return p * (f32s)(((u32s)biased << 23) + (127u << 23));
}

INLINE f32s gated(f32s v, f32s x) {
  const f32s none = {0};
  return v / (exponential_of_two(larger(smaller(x, none + PK_EXP2_LARGEST), none - PK_EXP2_LARGEST)) + 1.0f);
}

INLINE f32s gelu(f32s v) {
  const f32s none = {0};
  const f32s a = (f32s)((i32s)v & 0x7FFFFFFF);
  f32s p = a * PK_GELU_B8 + PK_GELU_B7;
  p = p * a + PK_GELU_B6;
  p = p * a + PK_GELU_B5;
  p = p * a + PK_GELU_B4;
  p = p * a + PK_GELU_B3;
  p = p * a + PK_GELU_B2;
  p = p * a + PK_GELU_B1;
  p = p * a + PK_GELU_B0;
  return relu(v) - a * exponential_of_two(larger(p, none - PK_EXP2_LARGEST));
}

/* pk_activate, lane by lane. */
INLINE f32s activate(f32s v, pk_activation activation) {
#ifdef FEW_BYTES
  float lanes[TILE_PANELS * WIDE];
  *(f32s *)lanes = v;
#pragma clang loop unroll(disable)
  for (size_t i = 0; i < TILE_PANELS * WIDE; i++) lanes[i] = pk_activate(lanes[i], activation);
  return *(f32s *)lanes;
#else
  switch (activation) {
    case PK_ACTIVATION_NONE: return v;
    case PK_ACTIVATION_QUICK_GELU: return gated(v, v * PK_QUICK_GELU_C1);
    case PK_ACTIVATION_GELU_ERF: return gelu(v);
    case PK_ACTIVATION_GELU_TANH: return gated(v, v * (v * v * PK_GELU_TANH_C3 + PK_GELU_TANH_C1));
  }
  return v;
#endif
}

#endif
