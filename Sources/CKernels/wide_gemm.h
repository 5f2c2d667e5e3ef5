/* Matrix products around the tiles of one instruction set. A tile is up to TILE_ROWS rows × TILE_PANELS panels whose
 * sums stay in registers over all inputs; the including file defines these two numbers and the tiles. */
#ifndef PK_WIDE_GEMM_H
#define PK_WIDE_GEMM_H

#include "wide.h"

/* Sums of one tile, [row][panel][lane]; integers or floats. */
typedef union tile_sums {
  float f[TILE_ROWS][TILE_PANELS][PK_PANEL];
  int32_t i[TILE_ROWS][TILE_PANELS][PK_PANEL];
} __attribute__((aligned(64))) tile_sums;

/* Sums over all k of `rows` rows (ldx bytes apart) and TILE_PANELS panels (panel_bytes apart). */
typedef void sum_tile(size_t rows, size_t k, const void *x, size_t ldx, const void *w, size_t panel_bytes,
                      tile_sums *sums);

/* Defined by the including file. */
static sum_tile tile_f32, tile_f16, tile_s8f, tile_s8s8, tile_u8s8;

typedef struct gemm {
  size_t m, k, panel_begin, panel_end;
  const void *x;
  size_t ldx_bytes;
  const void *w;
  size_t panel_bytes;
  float *y;
  size_t ldy;
  const pk_epilogue *epilogue;
  sum_tile *tile;
  /* Integer products only: value = float(sum − row_excess[row] − zero_point · w_sum[n]) · scale. */
  int is_integer;
  const float *x_scale; /* per row, or null: `scale` for all */
  float scale;
  int32_t zero_point;
  const int32_t *w_sum; /* null: no zero point */
  const int8_t *excess_of; /* rows whose sums count 128 times too often; null: none */
} gemm;

/* Rows whose activations are used by all panels before the next ones: they should stay in the second-level cache. */
#define BLOCK_ROWS (16 * TILE_ROWS)

/* Unsigned, so that what the stored sum of a damaged bundle makes too large wraps, as in scalar. */
INLINE f32x16 dequantize(const gemm *g, i32x16 sums, size_t row, int32_t excess, size_t output) {
  u32x16 exact = (u32x16)sums - (uint32_t)excess;
  if (g->w_sum) exact -= *(const u32x16 *)(g->w_sum + output) * (uint32_t)g->zero_point;
  return __builtin_convertvector((i32x16)exact, f32x16) * (g->x_scale ? g->x_scale[row] : g->scale);
}

INLINE void finish(const pk_epilogue *e, f32x16 v, size_t row, size_t output, float *y) {
  if (e->scale) v = v * load(e->scale + output);
  if (e->bias) v = v + load(e->bias + output);
  v = activate(v, e->activation);
  size_t count = e->output_count - output;
  if (count >= WIDE) {
    if (e->residual) v = v + load(e->residual + row * e->residual_stride + output);
    store(y + output, e->relu_last ? larger(v, spread(0)) : v);
  } else {
    if (e->residual) v = v + load_part(e->residual + row * e->residual_stride + output, count, 0);
    store_part(y + output, e->relu_last ? larger(v, spread(0)) : v, count);
  }
}

static void finish_tile(const gemm *g, const tile_sums *sums, size_t row, size_t rows, const int32_t *excess,
                        size_t panel, size_t panels) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t p = 0; p < panels; p++) {
      size_t output = (panel + p) * PK_PANEL;
      if (output >= g->epilogue->output_count) break;
      f32x16 v = g->is_integer ? dequantize(g, *(const i32x16 *)sums->i[i][p], row + i, excess[i], output)
                               : load(sums->f[i][p]);
      finish(g->epilogue, v, row + i, output, g->y + (row + i) * g->ldy);
    }
  }
}

static int32_t sum_s8(size_t count, const int8_t *x) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += x[i];
  return sum;
}

/* Rows [begin, begin + count) × all panels, in tiles of nearly equal, even height. */
static void gemm_rows(const gemm *g, size_t begin, size_t count) {
  tile_sums sums;
  int32_t excess[BLOCK_ROWS] = {0};
  for (size_t i = 0; i < count && g->excess_of; i++)
    excess[i] = 128 * sum_s8(g->k, g->excess_of + (begin + i) * g->ldx_bytes);
  size_t tiles = (count + TILE_ROWS - 1) / TILE_ROWS, pairs = (count + 1) / 2;
  for (size_t panel = g->panel_begin; panel < g->panel_end; panel += TILE_PANELS) {
    size_t panels = g->panel_end - panel < TILE_PANELS ? g->panel_end - panel : TILE_PANELS;
    const uint8_t *w = (const uint8_t *)g->w + panel * g->panel_bytes;
    for (size_t tile = 0; tile < tiles; tile++) {
      size_t first = 2 * (pairs * tile / tiles), end = 2 * (pairs * (tile + 1) / tiles);
      size_t rows = (end < count ? end : count) - first;
      /* A lone last panel stands in for its missing neighbours, whose sums nobody reads. */
      g->tile(rows, g->k, (const uint8_t *)g->x + (begin + first) * g->ldx_bytes, g->ldx_bytes, w,
              panels == TILE_PANELS ? g->panel_bytes : 0, &sums);
      finish_tile(g, &sums, begin + first, rows, excess + first, panel, panels);
    }
  }
}

static void run_gemm(const gemm *g) {
  for (size_t row = 0; row < g->m; row += BLOCK_ROWS)
    gemm_rows(g, row, g->m - row < BLOCK_ROWS ? g->m - row : BLOCK_ROWS);
}

#define FLOAT_GEMM(name, weight)                                                                                    \
  static void gemm_##name(size_t m, size_t k, size_t panel_begin, size_t panel_end, const float *x, size_t ldx,    \
                          const weight *w, float *y, size_t ldy, const pk_epilogue *epilogue) {                    \
    gemm g = {m, k, panel_begin, panel_end, x, ldx * sizeof *x, w, k * PK_PANEL * sizeof *w, y, ldy, epilogue,     \
              .tile = tile_##name};                                                                                 \
    run_gemm(&g);                                                                                                   \
  }
FLOAT_GEMM(f32, float)
FLOAT_GEMM(f16, uint16_t)
FLOAT_GEMM(s8f, int8_t)
#undef FLOAT_GEMM

static void gemm_s8s8(size_t m, size_t k, size_t panel_begin, size_t panel_end, const int8_t *x, size_t ldx,
                      const float *x_scale, const int8_t *w, float *y, size_t ldy, const pk_epilogue *epilogue) {
  gemm g = {m, k, panel_begin, panel_end, x, ldx, w, k * PK_PANEL, y, ldy, epilogue, .tile = tile_s8s8,
            .is_integer = 1, .x_scale = x_scale, .excess_of = S8S8_COUNTS_128_TOO_OFTEN ? x : NULL};
  run_gemm(&g);
}

static void gemm_u8s8(size_t m, size_t k, size_t panel_begin, size_t panel_end, const uint8_t *x, size_t ldx,
                      float x_scale, int32_t zero_point, const int8_t *w, const int32_t *w_sum, float *y, size_t ldy,
                      const pk_epilogue *epilogue) {
  gemm g = {m, k, panel_begin, panel_end, x, ldx, w, k * PK_PANEL, y, ldy, epilogue, .tile = tile_u8s8,
            .is_integer = 1, .scale = x_scale, .zero_point = zero_point, .w_sum = w_sum};
  run_gemm(&g);
}

#endif
