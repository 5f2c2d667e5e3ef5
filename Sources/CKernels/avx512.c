/* AVX-512 with VNNI: 28 of the 32 registers hold the sums of 14 rows × 2 panels. */
#include "scalar.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(                                                                        \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

/* A multiple of 7, because the feature maps of most ResNets have lines of 7, 14, 28, 56 or 112 pixels. */
#define TILE_ROWS 14
#define TILE_PANELS 2
/* The fewest rows that keep the multipliers busy. Each height is separate code. */
#define NARROW_ROWS 8

#include "wide_gemm.h"
#include "wide_rows.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define EACH_PANEL UNROLLED for (size_t p = 0; p < TILE_PANELS; p++)
#define EACH_SUM UNROLLED for (size_t r = 0; r < rows; r++) EACH_PANEL

/* Row r of x, relative to every third row: five pointers and a stride fit the general registers, fourteen pointers do
 * not. The last row has its own pointer, so that code for an even height can compute the last row of an odd height
 * twice. */
#define ROW_GROUPS ((TILE_ROWS + 2) / 3)
#define ROW(r) ((r) + 1 == rows ? last : group[(r) / 3] + (r) % 3 * t->row_stride)
#define EACH_GROUP UNROLLED for (size_t g = 0; g < ROW_GROUPS; g++)

INLINE const uint8_t *last_row(const tile *t) { return t->x + (t->rows - 1) * t->row_stride; }

/* Each even height is separate code with its own registers. */
#define EVEN_HEIGHTS(name, sum)                       \
  static void name(const tile *t, tile_sums *sums) {  \
    switch ((t->rows + 1) / 2) {                      \
      case 1: sum(2, t, sums); break;                 \
      case 2: sum(4, t, sums); break;                 \
      case 3: sum(6, t, sums); break;                 \
      case 4: sum(8, t, sums); break;                 \
      case 5: sum(10, t, sums); break;                \
      case 6: sum(12, t, sums); break;                \
      default: sum(14, t, sums); break;               \
    }                                                 \
  }

/* ---- Floating point: blocks of PK_SUM_BLOCK inputs, each summed from zero, then added to the totals. ---- */

/* The first block is the total so far. */
INLINE void add_block(const size_t rows, int is_first, __m512 block[TILE_ROWS][TILE_PANELS], tile_sums *sums) {
  EACH_SUM {
    if (!is_first) block[r][p] = _mm512_add_ps(_mm512_load_ps(sums->f[r][p]), block[r][p]);
    _mm512_store_ps(sums->f[r][p], block[r][p]);
    block[r][p] = _mm512_setzero_ps();
  }
}

/* Input `i` of a panel. */
INLINE __m512 weights_f32(const uint8_t *panel, size_t i) { return _mm512_loadu_ps((const float *)panel + i * PK_PANEL); }

INLINE __m512 weights_f16(const uint8_t *panel, size_t i) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(panel + i * PK_PANEL * sizeof(uint16_t))));
}

typedef __m512 weights_of(const uint8_t *panel, size_t i);

INLINE void sum_floats(weights_of *weights, const size_t rows, const tile *t, tile_sums *sums) {
  __m512 block[TILE_ROWS][TILE_PANELS];
  EACH_SUM block[r][p] = _mm512_setzero_ps();
  int is_first = t->begin == 0;
  for (size_t i = t->begin; i < t->end;) {
    const float_run run = next_run(t, i);
    const uint8_t *group[ROW_GROUPS];
    EACH_GROUP group[g] = t->x + run.offset + g * 3 * t->row_stride;
    const uint8_t *last = last_row(t) + run.offset;
    for (size_t run_end = i + run.inputs; i < run_end; i++) {
      __m512 column[TILE_PANELS];
      EACH_PANEL column[p] = weights(t->w + p * t->panel_bytes, i - t->begin);
      if (weights != weights_f32 && t->widened)
        EACH_PANEL _mm512_store_ps(t->widened[p] + (i - t->begin) * PK_PANEL, column[p]);
      EACH_SUM block[r][p] = _mm512_fmadd_ps(_mm512_set1_ps(*(const float *)ROW(r)), column[p], block[r][p]);
      EACH_GROUP group[g] += sizeof(float);
      last += sizeof(float);
    }
    if (i % PK_SUM_BLOCK == 0 || i == t->end) {
      add_block(rows, is_first, block, sums);
      is_first = 0;
    }
  }
}

INLINE void sum_f32(const size_t rows, const tile *t, tile_sums *sums) { sum_floats(weights_f32, rows, t, sums); }
INLINE void sum_f16(const size_t rows, const tile *t, tile_sums *sums) { sum_floats(weights_f16, rows, t, sums); }
EVEN_HEIGHTS(tile_f32, sum_f32)

/* Computes the rows from `rows` on with the FP32 weights that the first rows stored. */
static void tile_beyond(const tile *t, size_t rows, tile_sums *sums) {
  tile rest = *t;
  rest.rows -= rows;
  rest.x += rows * t->row_stride;
  rest.w = (const uint8_t *)t->widened;
  rest.panel_bytes = t->panel_bytes ? sizeof t->widened[0] : 0;
  tile_f32(&rest, (tile_sums *)(void *)sums->f[rows]);
}

#define NARROW_HEIGHTS(name)                                       \
  static void tile_##name(const tile *t, tile_sums *sums) {        \
    tile first = *t;                                               \
    if (t->rows > NARROW_ROWS) first.rows = (t->rows + 3) / 4 * 2; \
    switch ((first.rows + 1) / 2) {                                \
      case 1: sum_##name(2, &first, sums); break;                  \
      case 2: sum_##name(4, &first, sums); break;                  \
      case 3: sum_##name(6, &first, sums); break;                  \
      default: sum_##name(8, &first, sums); break;                 \
    }                                                              \
    if (t->rows > NARROW_ROWS) tile_beyond(t, first.rows, sums);   \
  }
NARROW_HEIGHTS(f16)

/* ---- Integers: four inputs of sixteen outputs per instruction, exact. ---- */

INLINE __m512i four_inputs(const uint8_t *x) {
  int32_t bytes;
  memcpy(&bytes, x, sizeof bytes);
  return _mm512_set1_epi32(bytes);
}

INLINE void sum_u8s8(const size_t rows, const tile *t, tile_sums *sums) {
  const uint8_t *w = t->w;
  __m512i total[TILE_ROWS][TILE_PANELS];
  EACH_SUM total[r][p] = _mm512_setzero_si512();
  for (size_t s = 0; s < t->segments; s++) {
    const uint8_t *group[ROW_GROUPS];
    EACH_GROUP group[g] = t->x + s * t->segment_stride + g * 3 * t->row_stride;
    const uint8_t *last = last_row(t) + s * t->segment_stride;
    for (size_t i = 0; i < t->segment_inputs; i += 4, w += 4 * PK_PANEL) {
      __m512i column[TILE_PANELS];
      EACH_PANEL column[p] = _mm512_loadu_si512(w + p * t->panel_bytes);
      __builtin_prefetch(w + t->ahead);
      EACH_SUM total[r][p] = _mm512_dpbusd_epi32(total[r][p], four_inputs(ROW(r)), column[p]);
      EACH_GROUP group[g] += 4;
      last += 4;
    }
  }
  EACH_SUM _mm512_store_si512(sums->i[r][p], total[r][p]);
}

EVEN_HEIGHTS(even_u8s8, sum_u8s8)

/* The smallest feature maps of most ResNets have lines of seven pixels. */
static void tile_u8s8(const tile *t, tile_sums *sums) {
  if (t->rows == 7) {
    sum_u8s8(7, t, sums);
  } else {
    even_u8s8(t, sums);
  }
}

#define WIDE_TABLE pk_kernels_avx512
#include "wide_table.h"
#define WIDE_WRITING pk_writing_avx512
#include "wide_writing.h"

const pk_kernels pk_kernels_avx512 = WIDE_KERNELS(PK_ISA_AVX512VNNI, gemm_u8s8);

#pragma clang attribute pop

#include "avx512bf16.h"

#pragma clang attribute push(__attribute__((target(                                                                  \
    "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma,f16c,amx-tile,amx-int8,amx-bf16"))), apply_to = function)
#include "amx_gemm.h"
#pragma clang attribute pop

const pk_kernels pk_kernels_amx = WIDE_KERNELS(PK_ISA_AMX, gemm_u8s8_amx);
const pk_bf16_kernels pk_bf16_amx = {.round_rows = round_rows_bf16, .gemm = gemm_bf16_amx};
#endif
