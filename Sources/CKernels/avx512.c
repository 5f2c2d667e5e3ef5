/* AVX-512 with VNNI: 24 of the 32 registers hold the sums of 12 rows × 2 panels. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(                                                                        \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#define TILE_ROWS 12
#define TILE_PANELS 2
/* vpdpbusd multiplies unsigned by signed. The weights are made unsigned, as q + 128 (one operation for all rows), so
 * each row's sum contains 128 · Σ x too much. */
#define S8S8_COUNTS_128_TOO_OFTEN 1

#include "wide_gemm.h"
#include "wide_rows.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define EACH_PANEL UNROLLED for (size_t p = 0; p < TILE_PANELS; p++)
#define EACH_SUM UNROLLED for (size_t r = 0; r < rows; r++) EACH_PANEL

/* Each even height of tile is code with its own registers; an odd row goes alone. */
#define EACH_HEIGHT(name)                                                                                       \
  static void tile_##name(size_t rows, size_t k, const void *x, size_t ldx, const void *w, size_t panel_bytes,  \
                          tile_sums *sums) {                                                                    \
    switch (rows / 2) {                                                                                         \
      case 0: break;                                                                                            \
      case 1: sum_##name(2, k, x, ldx, w, panel_bytes, sums); break;                                            \
      case 2: sum_##name(4, k, x, ldx, w, panel_bytes, sums); break;                                            \
      case 3: sum_##name(6, k, x, ldx, w, panel_bytes, sums); break;                                            \
      case 4: sum_##name(8, k, x, ldx, w, panel_bytes, sums); break;                                            \
      case 5: sum_##name(10, k, x, ldx, w, panel_bytes, sums); break;                                           \
      default: sum_##name(12, k, x, ldx, w, panel_bytes, sums); break;                                          \
    }                                                                                                           \
    size_t even = rows / 2 * 2;                                                                                 \
    if (rows > even)                                                                                            \
      sum_##name(1, k, (const uint8_t *)x + even * ldx, ldx, w, panel_bytes, (tile_sums *)&sums->f[even]);      \
  }

/* ---- Floating point: blocks of PK_SUM_BLOCK inputs, each summed from zero, then added to the totals. ---- */

INLINE void clear(const size_t rows, tile_sums *sums) {
  EACH_SUM _mm512_store_ps(sums->f[r][p], _mm512_setzero_ps());
}

INLINE void add_block(const size_t rows, __m512 block[TILE_ROWS][TILE_PANELS], tile_sums *sums) {
  EACH_SUM _mm512_store_ps(sums->f[r][p], _mm512_add_ps(_mm512_load_ps(sums->f[r][p]), block[r][p]));
}

INLINE __m512 weights_f32(const uint8_t *panel, size_t i) { return _mm512_loadu_ps((const float *)panel + i * PK_PANEL); }

INLINE __m512 weights_f16(const uint8_t *panel, size_t i) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(panel + i * PK_PANEL * sizeof(uint16_t))));
}

/* Input i of sixteen outputs: byte i mod 4 of each 32-bit lane. */
INLINE __m512 weights_s8(const uint8_t *panel, size_t i) {
  __m512i four = _mm512_loadu_si512(panel + i / 4 * 4 * PK_PANEL);
  return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(four, (unsigned)(24 - 8 * (i % 4))), 24));
}

/* `step` inputs at a time, so that four int8 inputs share one load. */
#define SUM_FLOATS(name, weights, step)                                                                            \
  INLINE void sum_##name(const size_t rows, size_t k, const void *activations,               \
                         size_t ldx_bytes, const uint8_t *w, size_t panel_bytes, tile_sums *sums) {                \
    const float *x = activations;                                                                                  \
    size_t ldx = ldx_bytes / sizeof *x;                                                                            \
    clear(rows, sums);                                                                                     \
    for (size_t begin = 0; begin < k; begin += PK_SUM_BLOCK) {                                                     \
      size_t end = k - begin < PK_SUM_BLOCK ? k : begin + PK_SUM_BLOCK;                                            \
      __m512 block[TILE_ROWS][TILE_PANELS];                                                                        \
      EACH_SUM block[r][p] = _mm512_setzero_ps();                                                                  \
      for (size_t i = begin; i < end; i += step) {                                                                 \
        UNROLLED for (size_t s = 0; s < step; s++) {                                                               \
          __m512 column[TILE_PANELS];                                                                              \
          EACH_PANEL column[p] = weights(w + p * panel_bytes, i + s);            \
          EACH_SUM block[r][p] = _mm512_fmadd_ps(_mm512_set1_ps(x[r * ldx + i + s]), column[p], block[r][p]);      \
        }                                                                                                          \
      }                                                                                                            \
      add_block(rows, block, sums);                                                                        \
    }                                                                                                              \
  }
SUM_FLOATS(f32, weights_f32, 1)
SUM_FLOATS(f16, weights_f16, 1)
SUM_FLOATS(s8f, weights_s8, 4)
#undef SUM_FLOATS
EACH_HEIGHT(f32)
EACH_HEIGHT(f16)
EACH_HEIGHT(s8f)

/* ---- Integers: four inputs of sixteen outputs per instruction, exact. ---- */

INLINE __m512i four_inputs(const uint8_t *x) {
  int32_t bytes;
  memcpy(&bytes, x, sizeof bytes);
  return _mm512_set1_epi32(bytes);
}

INLINE void sum_s8s8(const size_t rows, size_t k, const uint8_t *x, size_t ldx, const uint8_t *w,
                     size_t panel_bytes, tile_sums *sums) {
  const __m512i flip = _mm512_set1_epi8(-128);
  __m512i total[TILE_ROWS][TILE_PANELS];
  EACH_SUM total[r][p] = _mm512_setzero_si512();
  for (size_t i = 0; i < k; i += 4) {
    __m512i column[TILE_PANELS];
    EACH_PANEL
        column[p] = _mm512_xor_si512(_mm512_loadu_si512(w + p * panel_bytes + i * PK_PANEL), flip);
    EACH_SUM total[r][p] = _mm512_dpbusd_epi32(total[r][p], column[p], four_inputs(x + r * ldx + i));
  }
  EACH_SUM _mm512_store_si512(sums->i[r][p], total[r][p]);
}
EACH_HEIGHT(s8s8)

INLINE void sum_u8s8(const size_t rows, size_t k, const uint8_t *x, size_t ldx, const uint8_t *w,
                     size_t panel_bytes, tile_sums *sums) {
  __m512i total[TILE_ROWS][TILE_PANELS];
  EACH_SUM total[r][p] = _mm512_setzero_si512();
  for (size_t i = 0; i < k; i += 4) {
    __m512i column[TILE_PANELS];
    EACH_PANEL
        column[p] = _mm512_loadu_si512(w + p * panel_bytes + i * PK_PANEL);
    EACH_SUM total[r][p] = _mm512_dpbusd_epi32(total[r][p], four_inputs(x + r * ldx + i), column[p]);
  }
  EACH_SUM _mm512_store_si512(sums->i[r][p], total[r][p]);
}
EACH_HEIGHT(u8s8)

#define WIDE_TABLE pk_kernels_avx512
#define WIDE_ISA PK_ISA_AVX512VNNI
#define WIDE_NAME "avx512vnni"
#include "wide_table.h"

#pragma clang attribute pop
#endif
