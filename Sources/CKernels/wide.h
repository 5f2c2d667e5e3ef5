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

INLINE f32x16 choose(i32x16 mask, f32x16 a, f32x16 b) {
  return (f32x16)((mask & (i32x16)a) | (~mask & (i32x16)b));
}

/* Like the scalar `a > b ? a : b`: the second operand if they are equal or unordered. */
INLINE f32x16 larger(f32x16 a, f32x16 b) { return choose(a > b, a, b); }
INLINE f32x16 smaller(f32x16 a, f32x16 b) { return choose(a < b, a, b); }
/* Like pk_relu, pk_lower and pk_upper, lane by lane. */
INLINE f32x16 relu(f32x16 v) { return larger(v, v * 0.0f); }
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

/* v · sigmoid(−x). x is clamped to the range in which exp is a normal number; outside, the result is already v or
 * close to 0. */
INLINE f32x16 gated(f32x16 v, f32x16 x) {
  return v / (exponential(larger(smaller(x, spread(PK_EXP_FINITE)), spread(PK_EXP_LOW))) + 1.0f);
}

/* pk_erff, lane by lane: computes both pieces, then selects one. */
INLINE f32x16 error_function(f32x16 x) {
  f32x16 whole = magnitude(x);
  f32x16 a = choose(whole > 4.0f, spread(4.0f), whole);
  f32x16 t = a * a;
  f32x16 p = t * PK_ERF_A6 + PK_ERF_A5;
  p = p * t + PK_ERF_A4;
  p = p * t + PK_ERF_A3;
  p = p * t + PK_ERF_A2;
  p = p * t + PK_ERF_A1;
  p = p * t + PK_ERF_A0;
  f32x16 b = a * PK_ERF_B6 + PK_ERF_B5;
  b = b * a + PK_ERF_B4;
  b = b * a + PK_ERF_B3;
  b = b * a + PK_ERF_B2;
  b = b * a + PK_ERF_B1;
  b = b * a + PK_ERF_B0;
  f32x16 y = 1.0f - exponential(-b);
  return choose(a < 1.0f, x + x * p, choose(x < 0.0f, -y, y));
}

#ifdef FEW_BYTES
INLINE f32x16 activate(f32x16 v, pk_activation activation) {
  float lanes[WIDE];
  store(lanes, v);
#pragma clang loop unroll(disable)
  for (size_t i = 0; i < WIDE; i++) lanes[i] = pk_activate(lanes[i], activation);
  return load(lanes);
}
#else
INLINE f32x16 activate(f32x16 v, pk_activation activation) {
  switch (activation) {
    case PK_ACTIVATION_NONE: return v;
    case PK_ACTIVATION_RELU: return relu(v);
    case PK_ACTIVATION_QUICK_GELU: return gated(v, v * -1.702f);
    case PK_ACTIVATION_GELU_ERF: return (v * 0.5f) * (error_function(v * PK_SQRT_HALF) + 1.0f);
    case PK_ACTIVATION_GELU_TANH: return gated(v, v * (v * v * PK_GELU_TANH_C3 + PK_GELU_TANH_C1));
  }
  return v;
}

#endif

#endif
