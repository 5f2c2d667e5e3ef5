/* AVX-512 with VNNI: 28 of the 32 registers hold the sums of 14 rows × 2 panels. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(                                                                        \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

/* Lines of pixels are 7, 14, 28, 56 or 112 long in most of the ResNets. */
#define TILE_ROWS 14
#define TILE_PANELS 2

#include "wide_gemm.h"
#include "wide_rows.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define EACH_PANEL UNROLLED for (size_t p = 0; p < TILE_PANELS; p++)
#define EACH_SUM UNROLLED for (size_t r = 0; r < rows; r++) EACH_PANEL

/* Row r of x, in terms of every third: five pointers and a stride fit the general registers, fourteen do not. The last
 * row has a pointer of its own, so that code for an even height can compute the last row of an odd one twice. */
#define ROW_GROUPS ((TILE_ROWS + 2) / 3)
#define ROW(r) ((r) + 1 == rows ? last : group[(r) / 3] + (r) % 3 * t->row_stride)
#define EACH_GROUP UNROLLED for (size_t g = 0; g < ROW_GROUPS; g++)

INLINE const uint8_t *last_row(const tile *t) { return t->x + (t->rows - 1) * t->row_stride; }

/* Each even height is code with its own registers. */
#define EVEN_HEIGHTS(name)                                   \
  static void tile_##name(const tile *t, tile_sums *sums) {  \
    switch ((t->rows + 1) / 2) {                             \
      case 1: sum_##name(2, t, sums); break;                 \
      case 2: sum_##name(4, t, sums); break;                 \
      case 3: sum_##name(6, t, sums); break;                 \
      case 4: sum_##name(8, t, sums); break;                 \
      case 5: sum_##name(10, t, sums); break;                \
      case 6: sum_##name(12, t, sums); break;                \
      default: sum_##name(14, t, sums); break;               \
    }                                                        \
  }

/* ---- Floating point: blocks of PK_SUM_BLOCK inputs, each summed from zero, then added to the totals. ---- */

INLINE void clear(const size_t rows, tile_sums *sums) {
  EACH_SUM _mm512_store_ps(sums->f[r][p], _mm512_setzero_ps());
}

INLINE void add_block(const size_t rows, __m512 block[TILE_ROWS][TILE_PANELS], tile_sums *sums) {
  EACH_SUM {
    _mm512_store_ps(sums->f[r][p], _mm512_add_ps(_mm512_load_ps(sums->f[r][p]), block[r][p]));
    block[r][p] = _mm512_setzero_ps();
  }
}

/* Input `i` after the first of the group of four at `panel`. */
INLINE __m512 weights_f32(const uint8_t *panel, size_t i) { return _mm512_loadu_ps((const float *)panel + i * PK_PANEL); }

INLINE __m512 weights_f16(const uint8_t *panel, size_t i) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(panel + i * PK_PANEL * sizeof(uint16_t))));
}

/* Byte i of each 32-bit lane. */
INLINE __m512 weights_s8(const uint8_t *panel, size_t i) {
  __m512i four = _mm512_loadu_si512(panel);
  return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(four, (unsigned)(24 - 8 * i)), 24));
}

/* `step` inputs at a time, so that four int8 inputs share one load; `bytes` are theirs in one panel. */
#define SUM_FLOATS(name, weights, step, bytes)                                                                     \
  INLINE void sum_##name(const size_t rows, const tile *t, tile_sums *sums) {                                      \
    const uint8_t *w = t->w;                                                                    \
    __m512 block[TILE_ROWS][TILE_PANELS];                                                                          \
    EACH_SUM block[r][p] = _mm512_setzero_ps();                                                                    \
    clear(rows, sums);                                                                                             \
    size_t room = PK_SUM_BLOCK;                                                                                    \
    for (size_t s = 0; s < t->segments; s++) {                                                                     \
      const uint8_t *group[ROW_GROUPS];                                                                            \
      EACH_GROUP group[g] = t->x + s * t->segment_stride + g * 3 * t->row_stride;                                  \
      const uint8_t *last = last_row(t) + s * t->segment_stride;                                                   \
      for (size_t rest = t->segment_inputs; rest > 0;) {                                                           \
        size_t count = rest < room ? rest : room;                                                                  \
        rest -= count;                                                                                             \
        room -= count;                                                                                             \
        for (; count > 0; count -= step, w += bytes) {                              \
          UNROLLED for (size_t i = 0; i < step; i++) {                                                             \
            __m512 column[TILE_PANELS];                                                                            \
            EACH_PANEL column[p] = weights(w + p * t->panel_bytes, i);                                             \
            EACH_SUM block[r][p] =                                                                                 \
                _mm512_fmadd_ps(_mm512_set1_ps(((const float *)ROW(r))[i]), column[p], block[r][p]);               \
          }                                                                                                        \
          EACH_GROUP group[g] += step * sizeof(float);                                                             \
          last += step * sizeof(float);                                                                            \
        }                                                                                                          \
        if (room == 0) {                                                                                           \
          add_block(rows, block, sums);                                                                            \
          room = PK_SUM_BLOCK;                                                                                     \
        }                                                                                                          \
      }                                                                                                            \
    }                                                                                                              \
    if (room < PK_SUM_BLOCK) add_block(rows, block, sums);                                                         \
  }
SUM_FLOATS(f32, weights_f32, 1, 4 * PK_PANEL)
SUM_FLOATS(f16, weights_f16, 1, 2 * PK_PANEL)
SUM_FLOATS(s8f, weights_s8, 4, 4 * PK_PANEL)
#undef SUM_FLOATS
EVEN_HEIGHTS(f32)
EVEN_HEIGHTS(f16)
EVEN_HEIGHTS(s8f)

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
      EACH_SUM total[r][p] = _mm512_dpbusd_epi32(total[r][p], four_inputs(ROW(r)), column[p]);
      EACH_GROUP group[g] += 4;
      last += 4;
    }
  }
  EACH_SUM _mm512_store_si512(sums->i[r][p], total[r][p]);
}

/* Odd heights too: they are those of the smallest pictures. */
static void tile_u8s8(const tile *t, tile_sums *sums) {
  switch (t->rows) {
    case 1: sum_u8s8(1, t, sums); break;
    case 2: sum_u8s8(2, t, sums); break;
    case 3: sum_u8s8(3, t, sums); break;
    case 4: sum_u8s8(4, t, sums); break;
    case 5: sum_u8s8(5, t, sums); break;
    case 6: sum_u8s8(6, t, sums); break;
    case 7: sum_u8s8(7, t, sums); break;
    case 8: sum_u8s8(8, t, sums); break;
    case 9: sum_u8s8(9, t, sums); break;
    case 10: sum_u8s8(10, t, sums); break;
    case 11: sum_u8s8(11, t, sums); break;
    case 12: sum_u8s8(12, t, sums); break;
    case 13: sum_u8s8(13, t, sums); break;
    default: sum_u8s8(14, t, sums); break;
  }
}

#define WIDE_TABLE pk_kernels_avx512
#define WIDE_ISA PK_ISA_AVX512VNNI
#define WIDE_NAME "avx512vnni"
#include "wide_table.h"

#pragma clang attribute pop
#endif
