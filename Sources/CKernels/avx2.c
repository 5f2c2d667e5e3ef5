/* AVX2 with FMA and F16C, and with AVX-VNNI: 12 of the 16 registers hold the sums of 6 rows × 1 panel. */
#include "scalar.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define LANES 8
#define PARTS 2
#define PAIR_PRODUCTS(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "tiles.h"
#include "wide_rows.h"

INLINE floats multiply_add(floats x, floats w, floats sum) { return __builtin_elementwise_fma(x, w, sum); }
INLINE floats widen_f16(const uint16_t *x) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x)); }

#define WIDE_TABLE pk_kernels_avx2
#include "wide_table.h"
#define WIDE_WRITING pk_writing_avx2
#include "wide_writing.h"

const pk_kernels pk_kernels_avx2 = WIDE_KERNELS(PK_ISA_AVX2, gemm_u8s8);

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

/* ---- AVX-VNNI: one instruction instead of AVX2's four plus the widening. ---- */

INLINE void add_fours(const size_t rows, row_pointers x, const uint8_t *w, integers total[TILE_ROWS][PARTS]) {
  integers column[PARTS];
  EACH_PART column[p] = *(const integers *)(const void *)(w + p * LANES * 4);
  EACH_SUM total[r][p] = (integers)_mm256_dpbusd_avx_epi32(
      (__m256i)total[r][p], _mm256_set1_epi32(four_inputs(ROW(r))), (__m256i)column[p]);
}

INLINE void sum_u8s8_vnni(const size_t rows, const tile *t, tile_sums *sums) { sum_integers(add_fours, 4, rows, t, sums); }
EACH_HEIGHT(u8s8_vnni)

static void gemm_u8s8_vnni(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                           const pk_quantized_rows *rows, const int8_t *w, float *y) {
  run_integer_gemm(product, panel_begin, panel_end, x, rows, w, y, tile_u8s8_vnni, sum_planes);
}

const pk_kernels pk_kernels_avxvnni = WIDE_KERNELS(PK_ISA_AVXVNNI, gemm_u8s8_vnni);

#pragma clang attribute pop
#endif
