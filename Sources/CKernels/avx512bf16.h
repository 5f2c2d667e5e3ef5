/* Products in BF16. avx512.c includes this file and provides the tile shape, the driver and the epilogue. */
#ifndef PK_AVX512BF16_H
#define PK_AVX512BF16_H

#pragma clang attribute push(                                                                                   \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16,avx2,fma,f16c"))), apply_to = function)

/* Two inputs of sixteen outputs, [16][2]. */
#define PAIR_BYTES ((size_t)2 * PK_PANEL * sizeof(uint16_t))

/* Rounds two inputs of sixteen FP16 weights to BF16 and stores them in pairs. */
INLINE void store_pair(const uint8_t *w, void *pairs) {
  const __m512i zipped = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                          21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  __m512i both = (__m512i)_mm512_cvtne2ps_pbh(weights_f16(w, 1), weights_f16(w, 0));
  _mm512_store_si512(pairs, _mm512_permutexvar_epi16(zipped, both));
}

/* A block of weights: [inputs / 2, 16, 2] of each panel. */
static __attribute__((noinline)) void pair_weights(const tile *t) {
  for (size_t i = 0; i < t->end - t->begin; i += 2)
    EACH_PANEL store_pair(t->w + p * t->panel_bytes + i / 2 * PAIR_BYTES, t->widened[p] + i / 2 * PK_PANEL);
}

INLINE __m512bh two_inputs(const uint8_t *x) {
  int32_t pair;
  memcpy(&pair, x, sizeof pair);
  return (__m512bh)_mm512_set1_epi32(pair);
}

INLINE void sum_bf16(const size_t rows, const tile *t, tile_sums *sums) {
  const uint8_t *w = t->w, *next = t->next;
  __m512 total[TILE_ROWS][TILE_PANELS];
  const __mmask16 has_sums = t->begin == 0 ? 0 : 0xFFFF;
  EACH_SUM total[r][p] = _mm512_maskz_load_ps(has_sums, sums->f[r][p]);
  for (size_t i = t->begin; i < t->end;) {
    size_t within = i % t->segment_inputs, inputs = t->segment_inputs - within;
    size_t offset = i / t->segment_inputs * t->segment_stride + within * sizeof(uint16_t);
    if (inputs > t->end - i) inputs = t->end - i;
    i += inputs;
    const uint8_t *group[ROW_GROUPS];
    EACH_GROUP group[g] = t->x + offset + g * 3 * t->row_stride;
    const uint8_t *last = last_row(t) + offset;
    for (const uint8_t *end = w + inputs / 2 * PAIR_BYTES; w < end; w += PAIR_BYTES) {
      __m512bh column[TILE_PANELS];
      EACH_PANEL column[p] = (__m512bh)_mm512_load_si512(w + p * t->panel_bytes);
      EACH_PANEL __builtin_prefetch(next + p * t->next_panel);
      EACH_SUM total[r][p] = _mm512_dpbf16_ps(total[r][p], column[p], two_inputs(ROW(r)));
      EACH_GROUP group[g] += 2 * sizeof(uint16_t);
      last += 2 * sizeof(uint16_t);
      next += t->next_step;
    }
  }
  EACH_SUM _mm512_store_ps(sums->f[r][p], total[r][p]);
}

/* Each height is separate code, so only four heights exist. Tiles of many rows have 12 or 14 rows. */
static void tile_bf16(const tile *t, tile_sums *sums) {
  tile part = *t;
  for (size_t row = 0; row < t->rows; row += part.rows) {
    size_t rest = t->rows - row;
    part.x = t->x + row * t->row_stride;
    tile_sums *part_sums = (tile_sums *)(void *)sums->f[row];
    part.rows = rest > 12 ? 14 : rest > 10 ? 12 : rest > 4 ? 6 : 2;
    if (part.rows > rest) part.rows = rest;
    if (rest > 12) sum_bf16(14, &part, part_sums);
    else if (rest > 10) sum_bf16(12, &part, part_sums);
    else if (rest > 4) sum_bf16(6, &part, part_sums);
    else sum_bf16(2, &part, part_sums);
    part.next_step = 0;
  }
}

/* The first tile of a group rounds the weights for all tiles and prefetches the next ones. */
static void tile_rounding(const tile *t, tile_sums *sums) {
  pair_weights(t);
  tile rounded = *t;
  rounded.w = (const uint8_t *)t->widened;
  rounded.panel_bytes = sizeof t->widened[0];
  rounded.next_step = PAIR_BYTES;
  rounded.next_panel = t->panel_bytes;
  tile_bf16(&rounded, sums);
}

static void gemm_bf16(const pk_product *product, size_t panel_begin, size_t panel_end, const uint16_t *x,
                      const uint16_t *w, float *y) {
  gemm g = {product, panel_begin, panel_end, (const uint8_t *)x, sizeof *x, (const uint8_t *)w, PK_PANEL * sizeof *w,
            y, tile_rounding, tile_bf16, NULL, NULL};
  run_gemm(&g);
}

static void round_rows_bf16(size_t m, size_t k, const float *x, size_t ldx, uint16_t *y, size_t ldy) {
  const size_t padded = (k + 3) / 4 * 4;
  for (size_t row = 0; row < m; row++, x += ldx, y += ldy) {
    for (size_t i = 0; i < padded; i += 16) {
      __mmask16 given = k - i < 16 ? (__mmask16)((1u << (k - i)) - 1) : 0xFFFF;
      __mmask16 stored = padded - i < 16 ? (__mmask16)((1u << (padded - i)) - 1) : 0xFFFF;
      __m256i rounded = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(given, x + i));
      _mm256_mask_storeu_epi16(y + i, stored, rounded);
    }
  }
}

#pragma clang attribute pop

const pk_bf16_kernels pk_bf16_avx512 = {
#define PK_BF16_KERNEL(name, agreement, result, parameters) .name = name##_bf16,
#include "include/kernels.def"
};

#endif
