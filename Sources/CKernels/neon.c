/* NEON, and NEON with the dot products of dotprod and i8mm: 24 of the 32 registers hold the sums of 6 rows × 1 panel.
 * Every 64-bit Arm has fused multiply-add and FP16 conversions. */
#include "scalar.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LANES 4
#define PARTS 4
#include "tiles.h"
#include "wide_rows.h"

INLINE floats multiply_add(floats x, floats w, floats sum) { return __builtin_elementwise_fma(x, w, sum); }
INLINE floats widen_f16(const uint16_t *x) { return (floats)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x))); }

/* ---- Without i8mm both factors must be signed: x − 128 is x with its highest bit flipped, and the sum then lacks
 * 128 times the output's weights. ---- */

/* Adds 128 · Σ w to the sums of every row, in integers that wrap like the sums. */
static void add_shifted(const tile *t, tile_sums *sums) {
  int32x4_t missing[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
  const int8_t *w = (const int8_t *)t->w, *end = w + t->segments * t->segment_inputs * PK_PANEL;
  for (; w < end; w += 4 * PK_PANEL)
    UNROLLED for (size_t p = 0; p < 4; p++) missing[p] = vpadalq_s16(missing[p], vpaddlq_s8(vld1q_s8(w + p * 16)));
  for (size_t r = 0; r < t->rows; r++)
    UNROLLED for (size_t p = 0; p < 4; p++) {
      int32_t *sum = &sums->i[r][0][p * 4];
      vst1q_s32(sum, vaddq_s32(vld1q_s32(sum), vshlq_n_s32(missing[p], 7)));
    }
}

/* The products of two outputs with four inputs fit 16 bits individually; pairs of them are added in 32 bits. Half a
 * panel at a time, because each output has two sums until the end. */
INLINE void sum_halves(const size_t rows, const tile *t, tile_sums *sums) {
  const int8x8_t flip = vdup_n_s8(-128);
  for (size_t half = 0; half < 2; half++) {
    const int8_t *w = (const int8_t *)t->w + half * 32;
    int32x4_t total[TILE_ROWS][4];
    UNROLLED for (size_t r = 0; r < rows; r++) UNROLLED for (size_t p = 0; p < 4; p++) total[r][p] = vdupq_n_s32(0);
    for (size_t s = 0; s < t->segments; s++) {
      row_pointers x = rows_at(t, s * t->segment_stride);
      for (size_t i = 0; i < t->segment_inputs; i += 4, w += 4 * PK_PANEL) {
        UNROLLED for (size_t r = 0; r < rows; r++) {
          int8x8_t four = veor_s8(vreinterpret_s8_s32(vdup_n_s32(four_inputs(ROW(r)))), flip);
          UNROLLED for (size_t p = 0; p < 4; p++)
            total[r][p] = vpadalq_s16(total[r][p], vmull_s8(vld1_s8(w + p * 8), four));
        }
        advance(&x, 4);
      }
    }
    UNROLLED for (size_t r = 0; r < rows; r++) UNROLLED for (size_t p = 0; p < 2; p++)
      vst1q_s32(&sums->i[r][0][half * 8 + p * 4], vpaddq_s32(total[r][2 * p], total[r][2 * p + 1]));
  }
}

INLINE void sum_u8s8(const size_t rows, const tile *t, tile_sums *sums) {
  sum_halves(rows, t, sums);
  add_shifted(t, sums);
}
EACH_HEIGHT(u8s8)

#define WIDE_TABLE pk_kernels_neon
#include "wide_table.h"
#define WIDE_WRITING pk_writing_neon
#include "wide_writing.h"

const pk_kernels pk_kernels_neon = WIDE_KERNELS(PK_ISA_NEON, gemm_u8s8);

#define INTEGER_GEMM(name)                                                                                          \
  static void gemm_##name(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,       \
                          const pk_quantized_rows *rows, const int8_t *w, float *y) {                               \
    run_integer_gemm(product, panel_begin, panel_end, x, rows, w, y, tile_##name, sum_planes);                                  \
  }

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

INLINE void add_signed(const size_t rows, row_pointers x, const uint8_t *w, integers total[TILE_ROWS][PARTS]) {
  const int8x16_t flip = vdupq_n_s8(-128);
  int8x16_t column[PARTS];
  EACH_PART column[p] = vld1q_s8((const int8_t *)w + p * 16);
  UNROLLED for (size_t r = 0; r < rows; r++) {
    int8x16_t four = veorq_s8(vreinterpretq_s8_s32(vdupq_n_s32(four_inputs(ROW(r)))), flip);
    EACH_PART total[r][p] = (integers)vdotq_s32((int32x4_t)total[r][p], four, column[p]);
  }
}

INLINE void sum_u8s8_dotprod(const size_t rows, const tile *t, tile_sums *sums) {
  sum_integers(add_signed, 4, rows, t, sums);
  add_shifted(t, sums);
}
EACH_HEIGHT(u8s8_dotprod)
INTEGER_GEMM(u8s8_dotprod)

#pragma clang attribute pop

const pk_kernels pk_kernels_dotprod = WIDE_KERNELS(PK_ISA_DOTPROD, gemm_u8s8_dotprod);

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

INLINE void add_fours(const size_t rows, row_pointers x, const uint8_t *w, integers total[TILE_ROWS][PARTS]) {
  int8x16_t column[PARTS];
  EACH_PART column[p] = vld1q_s8((const int8_t *)w + p * 16);
  UNROLLED for (size_t r = 0; r < rows; r++) {
    uint8x16_t four = vreinterpretq_u8_s32(vdupq_n_s32(four_inputs(ROW(r))));
    EACH_PART total[r][p] = (integers)vusdotq_s32((int32x4_t)total[r][p], four, column[p]);
  }
}

INLINE void sum_u8s8_i8mm(const size_t rows, const tile *t, tile_sums *sums) { sum_integers(add_fours, 4, rows, t, sums); }
EACH_HEIGHT(u8s8_i8mm)
INTEGER_GEMM(u8s8_i8mm)

#pragma clang attribute pop

const pk_kernels pk_kernels_i8mm = WIDE_KERNELS(PK_ISA_I8MM, gemm_u8s8_i8mm);

#endif
