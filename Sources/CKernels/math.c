#include "include/pk_math.h"

#include "bits.h"
#include "constants.h"

#pragma STDC FP_CONTRACT OFF

static float power_of_two(int32_t exponent) { return pk_float((uint32_t)(exponent + 127) << 23); }

float pk_expf(float x) {
  if (x < PK_EXP_LOW) return 0;
  float clamped = x > PK_EXP_HIGH ? PK_EXP_HIGH : x;
  float biased = clamped * PK_LOG2_E + PK_ROUNDER;
  float n = biased - PK_ROUNDER;
  float r = (clamped - n * PK_LN2_HIGH) - n * PK_LN2_LOW;
  float p = PK_EXP_P4;
  p = p * r + PK_EXP_P3;
  p = p * r + PK_EXP_P2;
  p = p * r + PK_EXP_P1;
  p = p * r + PK_EXP_P0;
  float mantissa = 1.0f + (r + r * r * p);
  /* 2^128 is not a float, so the power is applied in two factors. A NaN has an arbitrary n and stays NaN. */
  int32_t exponent = pk_clamp((int32_t)(pk_bits(biased) - pk_bits(PK_ROUNDER)), -126, 129);
  int32_t half = exponent >> 1;
  return mantissa * power_of_two(half) * power_of_two(exponent - half);
}

float pk_exp2f(float x) {
  float biased = x + PK_ROUNDER;
  float n = biased - PK_ROUNDER;
  float r = x - n;
  float p = PK_EXP2_P5;
  p = p * r + PK_EXP2_P4;
  p = p * r + PK_EXP2_P3;
  p = p * r + PK_EXP2_P2;
  p = p * r + PK_EXP2_P1;
  p = p * r + PK_EXP2_P0;
  return p * power_of_two(pk_round_to_int(x));
}

/* The elementwise builtin compiles to the processor's instruction; sqrtf() would need libm for errno. */
float pk_sqrtf(float x) { return __builtin_elementwise_sqrt(x); }
double pk_sqrt(double x) { return __builtin_elementwise_sqrt(x); }

float pk_roundf(float x) {
  float magnitude = x < 0 ? -x : x;
  if (!(magnitude < 0x1p23f)) return x; /* already an integer, infinite or NaN */
  float rounded = (magnitude + 0x1p23f) - 0x1p23f;
  return x < 0 ? -rounded : rounded;
}

double pk_round(double x) {
  double magnitude = x < 0 ? -x : x;
  if (!(magnitude < 0x1p52)) return x;
  double rounded = (magnitude + 0x1p52) - 0x1p52;
  return x < 0 ? -rounded : rounded;
}

float pk_floorf(float x) {
  float rounded = pk_roundf(x);
  return rounded > x ? rounded - 1.0f : rounded;
}

double pk_floor(double x) {
  double rounded = pk_round(x);
  return rounded > x ? rounded - 1.0 : rounded;
}

/* x = m · 2^e with m in [√½, √2); log2 m = (2 / ln 2) · atanh(s), s = (m − 1) / (m + 1), |s| < 0.172. */
double pk_log2(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int64_t exponent = (int64_t)(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    exponent += 1;
  }
  double s = (m - 1.0) / (m + 1.0);
  double t = s * s;
  double series = 0;
  for (int term = 21; term >= 3; term -= 2) series = (series + 1.0 / term) * t;
  return (double)exponent + (s + s * series) * 0x1.71547652b82fep+1;
}

float pk_f16_to_f32(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
  uint32_t magnitude = bits & 0x7FFFu;
  if (magnitude > 0x7C00u) return pk_float(sign | 0x7FC00000u | magnitude << 13); /* NaN, quiet */
  if (magnitude == 0x7C00u) return pk_float(sign | 0x7F800000u);
  if (magnitude < 0x0400u) return pk_float(sign | pk_bits((float)magnitude * 0x1p-24f));
  return pk_float(sign | ((magnitude << 13) + (112u << 23)));
}

uint16_t pk_f32_to_f16(float value) {
  uint32_t bits = pk_bits(value);
  uint32_t sign = bits >> 16 & 0x8000u;
  uint32_t magnitude = bits & 0x7FFFFFFFu;
  uint32_t half;
  if (magnitude > 0x7F800000u) {
    half = 0x7E00u | (magnitude >> 13 & 0x3FFu); /* NaN, quiet */
  } else if (magnitude >= 0x477FF000u) {
    half = 0x7C00u; /* 65520 and more round beyond 65504 */
  } else if (magnitude < 0x38800000u) {
    half = pk_bits(pk_float(magnitude) + 0.5f) - pk_bits(0.5f); /* below 2^-14: the unit of 0.5f is 2^-24 */
  } else {
    half = (magnitude - (112u << 23) + 0xFFFu + (magnitude >> 13 & 1u)) >> 13;
  }
  return (uint16_t)(sign | half);
}

float pk_bf16_to_f32(uint16_t bits) { return pk_float((uint32_t)bits << 16); }

uint16_t pk_f32_to_bf16(float value) {
  uint32_t bits = pk_bits(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (uint16_t)(bits >> 16 | 0x40u); /* NaN, quiet */
  return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}
