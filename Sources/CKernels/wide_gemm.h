/* Matrix products around the tiles of one instruction set. A tile is up to TILE_ROWS rows × TILE_PANELS panels whose
 * sums stay in registers over all inputs; the including file defines these two numbers and the tiles. */
#ifndef PK_WIDE_GEMM_H
#define PK_WIDE_GEMM_H

#include "wide.h"

/* Sums of one tile, [row][panel][lane]; integers, then values. */
typedef union tile_sums {
  float f[TILE_ROWS][TILE_PANELS][PK_PANEL];
  int32_t i[TILE_ROWS][TILE_PANELS][PK_PANEL];
} __attribute__((aligned(64))) tile_sums;

/* What a tile reads: strides in bytes, x and w at its first row and first panel. */
typedef struct tile {
  size_t rows;
  const uint8_t *x;
  size_t row_stride;
  size_t segments, segment_inputs, segment_stride;
  const uint8_t *w;
  size_t panel_bytes; /* from one panel to the next; 0: one panel stands in for all */
} tile;

/* Sums over all inputs. Defined by the including file. */
typedef void sum_tile(const tile *t, tile_sums *sums);
static sum_tile tile_f32, tile_f16, tile_s8f, tile_u8s8;

typedef struct gemm {
  const pk_product *product;
  size_t panel_begin, panel_end;
  const uint8_t *x;
  size_t x_bytes; /* of an element */
  const uint8_t *w;
  size_t input_bytes; /* of a panel, per input */
  float *y;
  sum_tile *tile;
  const pk_quantized_rows *quantized; /* integer products only */
} gemm;

/* Where a tile is in the whole: line, row within the line, first panel and panels. */
typedef struct place {
  size_t line, row, panel, panels;
} place;

/* Sums become values: scales and bias, the same for all rows of a panel. */
INLINE void scale_sums(const gemm *g, const place *at, size_t rows, tile_sums *sums) {
  const pk_epilogue *e = &g->product->epilogue;
  const pk_quantized_rows *q = g->quantized;
  size_t first = at->line * g->product->line_rows + at->row;
  for (size_t p = 0; p < at->panels; p++) {
    size_t output = (at->panel + p) * PK_PANEL;
    f32x16 scale = e->scale ? load(e->scale + output) : spread(1.0f);
    f32x16 bias = e->bias ? load(e->bias + output) : spread(-0.0f); /* adding −0 changes nothing */
    if (q) {
      /* Unsigned, so that what the stored sum of a damaged bundle makes too large wraps, as in scalar. */
      u32x16 excess = *(const u32x16 *)(q->weight_sums + output) * (uint32_t)q->zero_point;
      for (size_t r = 0; r < rows; r++) {
        f32x16 sum = __builtin_convertvector((i32x16)(*(const u32x16 *)sums->i[r][p] - excess), f32x16);
        store(sums->f[r][p], sum * q->scale[(first + r) * q->scale_stride] * scale + bias);
      }
    } else {
      for (size_t r = 0; r < rows; r++) store(sums->f[r][p], load(sums->f[r][p]) * scale + bias);
    }
  }
}

INLINE void activate_sums(pk_activation activation, size_t rows, tile_sums *sums) {
  if (activation == PK_ACTIVATION_NONE) return;
  float *values = sums->f[0][0];
  for (size_t i = 0; i < rows * TILE_PANELS; i++, values += WIDE) store(values, activate(load(values), activation));
}

/* Residual, last ReLU, range, store. */
INLINE void store_sums(const gemm *g, const place *at, size_t rows, const tile_sums *sums) {
  const pk_product *product = g->product;
  const pk_epilogue *e = &product->epilogue;
  f32x16 smallest = spread(__builtin_inff()), largest = spread(-__builtin_inff());
  f32x16 floor = spread(e->relu_last ? 0.0f : -__builtin_inff());
  for (size_t r = 0; r < rows; r++) {
    float *y = g->y + at->line * product->y_line_stride + (at->row + r) * product->y_row_stride;
    const float *residual =
        e->residual ? e->residual + at->line * e->residual_line_stride + (at->row + r) * e->residual_row_stride : NULL;
    for (size_t p = 0; p < at->panels; p++) {
      size_t output = (at->panel + p) * PK_PANEL;
      if (output >= e->output_count) break;
      size_t count = e->output_count - output;
      f32x16 v = load(sums->f[r][p]);
      if (count >= WIDE) {
        if (residual) v = v + load(residual + output);
        if (e->relu_last) v = larger(v, floor);
        store(y + output, v);
      } else {
        if (residual) v = v + load_part(residual + output, count, 0);
        if (e->relu_last) v = larger(v, floor);
        store_part(y + output, v, count);
        if (e->range) v = load_part(y + output, count, v[0]);
      }
      smallest = smaller(v, smallest);
      largest = larger(v, largest);
    }
  }
  if (!e->range) return;
  float low = fold_smallest(smallest), high = fold_largest(largest);
  if (low < e->range[0]) e->range[0] = low;
  if (high > e->range[1]) e->range[1] = high;
}

static __attribute__((noinline)) void finish_tile(const gemm *g, const place *at, size_t rows, tile_sums *sums) {
  scale_sums(g, at, rows, sums);
  activate_sums(g->product->epilogue.activation, rows, sums);
  store_sums(g, at, rows, sums);
}

/* Weights that stay in the second-level cache while rows pass by. */
#define CACHED_WEIGHT_BYTES ((size_t)384 << 10)

/* A tile of `rows` rows at `at`. */
INLINE void compute_tile(const gemm *g, const place *at, size_t rows, size_t panel_bytes) {
  const pk_product *p = g->product;
  tile_sums sums;
  tile t = {.rows = rows,
            .x = g->x + (at->line * p->x_line_stride + at->row * p->x_row_stride) * g->x_bytes,
            .row_stride = p->x_row_stride * g->x_bytes,
            .segments = p->segments,
            .segment_inputs = p->segment_inputs,
            .segment_stride = p->segment_stride * g->x_bytes,
            .w = g->w + at->panel * panel_bytes,
            .panel_bytes = at->panels == TILE_PANELS ? panel_bytes : 0};
  g->tile(&t, &sums);
  finish_tile(g, at, rows, &sums);
}

/* All rows × panels [begin, end), row tiles outermost: outputs are written in order, the weights are read again for
 * each tile. Lines are cut into tiles of nearly equal height. */
static void run_panels(const gemm *g, size_t panel_bytes, size_t begin, size_t end) {
  size_t line_rows = g->product->line_rows, tiles = (line_rows + TILE_ROWS - 1) / TILE_ROWS;
  place at = {0};
  for (at.line = 0; at.line < g->product->lines; at.line++) {
    for (size_t i = 0; i < tiles; i++) {
      at.row = line_rows * i / tiles;
      size_t rows = line_rows * (i + 1) / tiles - at.row;
      for (at.panel = begin; at.panel < end; at.panel += TILE_PANELS) {
        at.panels = end - at.panel < TILE_PANELS ? end - at.panel : TILE_PANELS;
        compute_tile(g, &at, rows, panel_bytes);
      }
    }
  }
}

/* As many panels at a time as stay in the cache: weights, which may come from memory, are read from there once. */
static void run_gemm(const gemm *g) {
  size_t panel_bytes = g->product->segments * g->product->segment_inputs * g->input_bytes;
  size_t cached = panel_bytes > 0 ? CACHED_WEIGHT_BYTES / panel_bytes / TILE_PANELS * TILE_PANELS : TILE_PANELS;
  if (cached < TILE_PANELS) cached = TILE_PANELS;
  for (size_t panel = g->panel_begin; panel < g->panel_end; panel += cached)
    run_panels(g, panel_bytes, panel, g->panel_end - panel < cached ? g->panel_end : panel + cached);
}

#define FLOAT_GEMM(name, weight)                                                                                    \
  static void gemm_##name(const pk_product *product, size_t panel_begin, size_t panel_end, const float *x,         \
                          const weight *w, float *y) {                                                              \
    gemm g = {product, panel_begin, panel_end, (const uint8_t *)x, sizeof *x, (const uint8_t *)w,                   \
              PK_PANEL * sizeof *w, y, tile_##name, NULL};                                                          \
    run_gemm(&g);                                                                                                   \
  }
FLOAT_GEMM(f32, float)
FLOAT_GEMM(f16, uint16_t)
FLOAT_GEMM(s8f, int8_t)
#undef FLOAT_GEMM

static void gemm_u8s8(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                      const pk_quantized_rows *rows, const int8_t *w, float *y) {
  gemm g = {product, panel_begin, panel_end, x, sizeof *x, (const uint8_t *)w, PK_PANEL, y, tile_u8s8, rows};
  run_gemm(&g);
}

#endif
