/* SSE4.1: 12 of the 16 registers hold the sums of 6 rows × half a panel. It has no fused multiply-add, so every
 * product has the same bits as scalar. Only the products are specific to it, because the other kernels take little
 * time. */
#include "scalar.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("sse4.1"))), apply_to = function)

#define LANES 4
#define PARTS 2
#define PAIR_PRODUCTS(a, b) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#define FEW_BYTES
#include "tiles.h"

INLINE floats multiply_add(floats x, floats w, floats sum) { return sum + x * w; }

/* pk_f16_to_f32, lane by lane. */
INLINE floats widen_f16(const uint16_t *x) {
  typedef uint16_t halves __attribute__((ext_vector_type(LANES), aligned(2)));
  words bits = __builtin_convertvector(*(const halves *)x, words);
  words magnitude = bits & 0x7FFF, sign = (bits & 0x8000) << 16;
  words small = (words)(__builtin_convertvector((integers)magnitude, floats) * 0x1p-24f);
  words normal = (magnitude << 13) + (112u << 23);
  words is_small = (words)(magnitude < 0x0400), is_infinite = (words)(magnitude >= 0x7C00);
  words is_nan = (words)(magnitude > 0x7C00);
  return (floats)(sign | (is_small & small) | (~is_small & normal) | (is_infinite & 0x7F800000) | (is_nan & 0x400000));
}

static void f16_to_f32(size_t count, const uint16_t *x, float *y) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) *(floats *)(y + i) = widen_f16(x + i);
  f16_to_f32_scalar(count - i, x + i, y + i);
}

static void attention_f32(size_t query_count, size_t key_count, size_t d, float scale, ptrdiff_t causal_offset,
                          const float *q, size_t ldq, const float *k, size_t ldk, const float *v, size_t ldv,
                          float *out, size_t ldout, float *scratch) {
  pk_attention_with(&pk_kernels_sse41, query_count, key_count, d, scale, causal_offset, q, ldq, k, ldk, v, ldv, out,
                    ldout, scratch);
}

/* Scalar's table, except for the entries below. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
const pk_kernels pk_kernels_sse41 = {
    .isa = PK_ISA_SSE41,
    .fuses = 0,
    .name = PK_ISA_NAME(PK_ISA_SSE41),
#define PK_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "include/kernels.def"
    .gemm_f32 = gemm_f32,
    .gemm_f16 = gemm_f16,
    .gemm_u8s8 = gemm_u8s8,
    .attention_f32 = attention_f32,
    .f16_to_f32 = f16_to_f32,
};
#pragma clang diagnostic pop

#pragma clang attribute pop
#endif
