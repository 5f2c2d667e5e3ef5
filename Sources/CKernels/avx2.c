/* AVX2 with FMA and F16C, and the same with AVX-VNNI: 12 of the 16 registers hold the sums of 6 rows × 1 panel. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define TILE_ROWS 6
#define TILE_PANELS 1
/* Measured: storing widened weights costs more here than widening them again for each tile. */
#define NARROW_ROWS 0
#include "wide_gemm.h"
#include "wide_rows.h"

/* A panel is two registers: outputs 0–7 and 8–15. */
#define UNROLLED _Pragma("clang loop unroll(full)")
#define EACH_SUM                             \
  UNROLLED for (size_t r = 0; r < rows; r++) \
  UNROLLED for (size_t h = 0; h < 2; h++)

/* Each height is a function with its own registers. */
#define EACH_HEIGHT(name)                                    \
  static void tile_##name(const tile *t, tile_sums *sums) {  \
    switch (t->rows) {                                       \
      case 1: sum_##name(1, t, sums); break;                 \
      case 2: sum_##name(2, t, sums); break;                 \
      case 3: sum_##name(3, t, sums); break;                 \
      case 4: sum_##name(4, t, sums); break;                 \
      case 5: sum_##name(5, t, sums); break;                 \
      default: sum_##name(6, t, sums); break;                \
    }                                                        \
  }

/* Row r of x: two pointers and a stride for six rows. */
#define ROW(r) (group[(r) / 3] + (r) % 3 * t->row_stride)
#define EACH_GROUP UNROLLED for (size_t g = 0; g < 2; g++)

/* ---- Floating point: blocks of PK_SUM_BLOCK inputs, each summed from zero, then added to the totals. ---- */

/* Input `i` after the first of the group of four at `panel`. */
INLINE __m256 weights_f32(const uint8_t *panel, size_t i, size_t half) {
  return _mm256_loadu_ps((const float *)panel + i * PK_PANEL + half * 8);
}

INLINE __m256 weights_f16(const uint8_t *panel, size_t i, size_t half) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(panel + (i * PK_PANEL + half * 8) * sizeof(uint16_t))));
}

/* Byte i of each 32-bit lane. */
INLINE __m256 weights_s8(const uint8_t *panel, size_t i, size_t half) {
  __m256i four = _mm256_loadu_si256((const __m256i *)(panel + half * 32));
  return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(four, (int)(24 - 8 * i)), 24));
}

INLINE void add_block(const size_t rows, __m256 block[TILE_ROWS][2], tile_sums *sums) {
  EACH_SUM {
    float *total = sums->f[r][0] + h * 8;
    _mm256_store_ps(total, _mm256_add_ps(_mm256_load_ps(total), block[r][h]));
    block[r][h] = _mm256_setzero_ps();
  }
}

/* `step` inputs at a time, so that four int8 inputs share one load; `bytes` are theirs in one panel. */
#define SUM_FLOATS(name, weights, step, bytes)                                                                    \
  INLINE void sum_##name(const size_t rows, const tile *t, tile_sums *sums) {                                     \
    const uint8_t *w = t->w;                                                                   \
    __m256 block[TILE_ROWS][2];                                                                                   \
    EACH_SUM block[r][h] = _mm256_setzero_ps();                                                                   \
    EACH_SUM _mm256_store_ps(sums->f[r][0] + h * 8, block[r][h]);                                                 \
    size_t room = PK_SUM_BLOCK;                                                                                   \
    for (size_t s = 0; s < t->segments; s++) {                                                                    \
      const uint8_t *group[2];                                                                                    \
      EACH_GROUP group[g] = t->x + s * t->segment_stride + g * 3 * t->row_stride;                                 \
      for (size_t rest = t->segment_inputs; rest > 0;) {                                                          \
        size_t count = rest < room ? rest : room;                                                                 \
        rest -= count;                                                                                            \
        room -= count;                                                                                            \
        for (; count > 0; count -= step, w += bytes) {                             \
          UNROLLED for (size_t i = 0; i < step; i++) {                                                            \
            __m256 column[2] = {weights(w, i, 0), weights(w, i, 1)};                                              \
            EACH_SUM block[r][h] =                                                                                \
                _mm256_fmadd_ps(_mm256_set1_ps(((const float *)ROW(r))[i]), column[h], block[r][h]);              \
          }                                                                                                       \
          EACH_GROUP group[g] += step * sizeof(float);                                                            \
        }                                                                                                         \
        if (room == 0) {                                                                                          \
          add_block(rows, block, sums);                                                                           \
          room = PK_SUM_BLOCK;                                                                                    \
        }                                                                                                         \
      }                                                                                                           \
    }                                                                                                             \
    if (room < PK_SUM_BLOCK) add_block(rows, block, sums);                                                        \
  }
SUM_FLOATS(f32, weights_f32, 1, 4 * PK_PANEL)
SUM_FLOATS(f16, weights_f16, 1, 2 * PK_PANEL)
SUM_FLOATS(s8f, weights_s8, 4, 4 * PK_PANEL)
#undef SUM_FLOATS
EACH_HEIGHT(f32)
EACH_HEIGHT(f16)
EACH_HEIGHT(s8f)

/* ---- Integers. vpmaddubsw adds two products in 16 bits and saturates at 2 · 255 · 127; so both sides are widened to
 * 16 bits, even and odd inputs apart, and vpmaddwd adds pairs of products in 32 bits: exact for any int8. ---- */

INLINE __m256i even_s8(__m256i v) { return _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8); }
INLINE __m256i odd_s8(__m256i v) { return _mm256_srai_epi16(v, 8); }
INLINE __m256i even_u8(__m256i v) { return _mm256_and_si256(v, _mm256_set1_epi16(0xFF)); }
INLINE __m256i odd_u8(__m256i v) { return _mm256_srli_epi16(v, 8); }

INLINE __m256i four_inputs(const uint8_t *x) {
  int32_t bytes;
  memcpy(&bytes, x, sizeof bytes);
  return _mm256_set1_epi32(bytes);
}

INLINE void sum_u8s8(const size_t rows, const tile *t, tile_sums *sums) {
  const uint8_t *w = t->w;
  __m256i total[TILE_ROWS][2];
  EACH_SUM total[r][h] = _mm256_setzero_si256();
  for (size_t s = 0; s < t->segments; s++) {
    const uint8_t *group[2];
    EACH_GROUP group[g] = t->x + s * t->segment_stride + g * 3 * t->row_stride;
    for (size_t i = 0; i < t->segment_inputs; i += 4, w += 4 * PK_PANEL) {
      __m256i low = _mm256_loadu_si256((const __m256i *)w), high = _mm256_loadu_si256((const __m256i *)(w + 32));
      __m256i w_even[2] = {even_s8(low), even_s8(high)}, w_odd[2] = {odd_s8(low), odd_s8(high)};
      UNROLLED for (size_t r = 0; r < rows; r++) {
        __m256i four = four_inputs(ROW(r));
        __m256i x_even = even_u8(four), x_odd = odd_u8(four);
        UNROLLED for (size_t h = 0; h < 2; h++) {
          total[r][h] = _mm256_add_epi32(total[r][h], _mm256_madd_epi16(w_even[h], x_even));
          total[r][h] = _mm256_add_epi32(total[r][h], _mm256_madd_epi16(w_odd[h], x_odd));
        }
      }
      EACH_GROUP group[g] += 4;
    }
  }
  EACH_SUM _mm256_store_si256((__m256i *)(sums->i[r][0] + h * 8), total[r][h]);
}
EACH_HEIGHT(u8s8)

#define WIDE_TABLE pk_kernels_avx2
#include "wide_table.h"

const pk_kernels pk_kernels_avx2 = WIDE_KERNELS(PK_ISA_AVX2, "avx2", gemm_u8s8);

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

/* ---- AVX-VNNI: one instruction where AVX2 needs four and the widening. ---- */

INLINE void sum_u8s8_vnni(const size_t rows, const tile *t, tile_sums *sums) {
  const uint8_t *w = t->w;
  __m256i total[TILE_ROWS][2];
  EACH_SUM total[r][h] = _mm256_setzero_si256();
  for (size_t s = 0; s < t->segments; s++) {
    const uint8_t *group[2];
    EACH_GROUP group[g] = t->x + s * t->segment_stride + g * 3 * t->row_stride;
    for (size_t i = 0; i < t->segment_inputs; i += 4, w += 4 * PK_PANEL) {
      __m256i column[2] = {_mm256_loadu_si256((const __m256i *)w), _mm256_loadu_si256((const __m256i *)(w + 32))};
      EACH_SUM total[r][h] = _mm256_dpbusd_avx_epi32(total[r][h], four_inputs(ROW(r)), column[h]);
      EACH_GROUP group[g] += 4;
    }
  }
  EACH_SUM _mm256_store_si256((__m256i *)(sums->i[r][0] + h * 8), total[r][h]);
}
EACH_HEIGHT(u8s8_vnni)

static void gemm_u8s8_vnni(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                           const pk_quantized_rows *rows, const int8_t *w, float *y) {
  run_integer_gemm(product, panel_begin, panel_end, x, rows, w, y, tile_u8s8_vnni);
}

const pk_kernels pk_kernels_avxvnni = WIDE_KERNELS(PK_ISA_AVXVNNI, "avxvnni", gemm_u8s8_vnni);

#pragma clang attribute pop
#endif
