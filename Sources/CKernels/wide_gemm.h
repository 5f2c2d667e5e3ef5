/* Matrix products built from the tiles of one instruction set. A tile is up to TILE_ROWS rows × TILE_PANELS panels
 * whose sums stay in registers over all inputs. The including file defines these two numbers, the tiles and
 * NARROW_ROWS: up to this number of rows, a tile widens FP16 or int8 weights for itself; with more rows, all rows of
 * a group share the widened FP32 weights. Zero: the first tile of a group always stores the widened weights. */
#ifndef PK_WIDE_GEMM_H
#define PK_WIDE_GEMM_H

#include "wide.h"

/* How activations of two bytes are summed; the default is below. */
#ifndef TWO_BYTES
#define TWO_BYTES sum_planes
#endif

/* Sums of one tile, [row][panel][lane]; integers, then values. */
typedef union tile_sums {
  float f[TILE_ROWS][TILE_PANELS][PK_PANEL];
  int32_t i[TILE_ROWS][TILE_PANELS][PK_PANEL];
} __attribute__((aligned(64))) tile_sums;

/* Inputs that are widened at a time. */
#define WIDENED_INPUTS ((size_t)2 * PK_SUM_BLOCK)

/* The inputs of a tile: strides in bytes, x and w at its first row and first panel. */
typedef struct tile {
  size_t rows;
  const uint8_t *x;
  size_t row_stride;
  size_t segments, segment_inputs, segment_stride;
  size_t begin, end; /* all inputs, unless weights are shared; `begin` is a multiple of PK_SUM_BLOCK, w starts there */
  const uint8_t *w;
  size_t panel_bytes; /* from one panel to the next; 0: the same panel is used for all */
  float (*widened)[WIDENED_INPUTS * PK_PANEL]; /* receives the widened weights in FP32 for other rows, or null */
  size_t ahead; /* bytes from the weights that are read to those that are prefetched */
  /* For BF16, whose weights are read elsewhere: the weights to prefetch, with the distances between steps and
   * panels. */
  const uint8_t *next;
  size_t next_step, next_panel;
} tile;

/* Sums over the inputs. Floats are added to the sums of the inputs before `begin`. Defined by the including file. */
typedef void sum_tile(const tile *t, tile_sums *sums);
static sum_tile tile_f32, tile_f16, tile_u8s8;

typedef struct gemm gemm;

/* The position of a tile: line, rows within the line, panels. */
typedef struct place {
  size_t line, row, rows, panel, panels;
} place;

/* Contiguous inputs of a row that belong to one block of the sum. */
typedef struct float_run {
  size_t offset; /* of the first input, in bytes from input 0 */
  size_t inputs;
} float_run;

INLINE float_run next_run(const tile *t, size_t input) {
  size_t within = input % t->segment_inputs, inputs = t->segment_inputs - within;
  size_t room = PK_SUM_BLOCK - input % PK_SUM_BLOCK, rest = t->end - input;
  if (inputs > room) inputs = room;
  if (inputs > rest) inputs = rest;
  return (float_run){input / t->segment_inputs * t->segment_stride + within * sizeof(float), inputs};
}

/* The sums of activations of two bytes, as floats: each is rounded once. */
typedef void sum_two_bytes(const gemm *g, const place *at, const tile *t, tile_sums *sums);
static sum_two_bytes TWO_BYTES;

struct gemm {
  const pk_product *product;
  size_t panel_begin, panel_end;
  const uint8_t *x;
  size_t x_bytes; /* of an element */
  const uint8_t *w;
  size_t input_bytes; /* of a panel, per input */
  float *y;
  sum_tile *tile;
  sum_tile *sharing; /* for weights that `tile` has widened: tiles come in groups; null: weights are read directly */
  const pk_quantized_rows *quantized; /* integer products only, like what follows */
  sum_two_bytes *two_bytes;
};

/* The terms that turn the sums of one panel into values, equal for every row. */
typedef struct panel_terms {
  f32x16 scale, bias;
  u32x16 weight_sums; /* of quantized rows. Unsigned: an excessive stored sum of a damaged bundle wraps, as in scalar */
} panel_terms;

INLINE panel_terms terms_at(const gemm *g, size_t output) {
  const pk_epilogue *e = &g->product->epilogue;
  const pk_quantized_rows *q = g->quantized;
  return (panel_terms){
      .scale = e->scale ? load(e->scale + output) : spread(1.0f),
      .bias = e->bias ? load(e->bias + output) : spread(-0.0f), /* adding −0 changes nothing */
      .weight_sums = q ? *(const u32x16 *)(q->weight_sums + output) : (u32x16){0}};
}

/* The destination of a tile's values and the terms added to them; `count` outputs exist from the first one on. */
typedef struct tile_outputs {
  float *y;
  const float *residual; /* null: none */
  size_t y_stride, residual_stride, count;
} tile_outputs;

INLINE tile_outputs outputs_at(const gemm *g, const place *at) {
  const pk_product *p = g->product;
  const pk_epilogue *e = &p->epilogue;
  size_t first = at->panel * PK_PANEL;
  size_t offset = at->line * e->residual_line_stride + at->row * e->residual_row_stride + first;
  return (tile_outputs){.y = g->y + at->line * p->y_line_stride + at->row * p->y_row_stride + first,
                        .residual = e->residual ? e->residual + offset : NULL,
                        .y_stride = p->y_row_stride,
                        .residual_stride = e->residual_row_stride,
                        .count = e->output_count > first ? e->output_count - first : 0};
}

/* Turns activated sums into values, of a tile whose last outputs do not exist. */
static __attribute__((noinline)) void finish_part(const gemm *g, const place *at, const tile_sums *sums) {
  const pk_epilogue *e = &g->product->epilogue;
  const tile_outputs out = outputs_at(g, at);
  const size_t most = at->panels * PK_PANEL, count = out.count < most ? out.count : most;
  for (size_t r = 0; r < at->rows; r++) {
    const float *values = sums->f[r][0], *residual = out.residual ? out.residual + r * out.residual_stride : NULL;
    float *y = out.y + r * out.y_stride;
    size_t i = 0;
    if (!e->range)
      for (; i + PK_PANEL <= count; i += PK_PANEL) {
        f32x16 v = load(values + i);
        if (residual) v = v + load(residual + i);
        store(y + i, e->relu_last ? relu(v) : v);
      }
    for (; i < count; i++) {
      float v = values[i];
      if (residual) v = v + residual[i];
      if (e->relu_last) v = pk_relu(v);
      if (e->range) {
        e->range[0] = pk_lower(e->range[0], v);
        e->range[1] = pk_upper(e->range[1], v);
      }
      y[i] = v;
    }
  }
}

#define EACH_VALUE _Pragma("clang loop unroll(full)") for (size_t p = 0; p < TILE_PANELS; p++)

/* The epilogue: reads each sum once and writes each value once. A row of the tile at a time, because the decisions take
 * as long as the arithmetic. Copies what the loop needs to local variables first, because the compiler must assume that
 * every store changes what pointers point to. */
INLINE void finish_rows(const gemm *g, const place *at, tile_sums *sums, const pk_activation activation) {
  const pk_epilogue *e = &g->product->epilogue;
  const pk_quantized_rows *q = g->quantized;
  const int is_quantized = q != NULL, has_low = q && q->low_plane, relu_last = e->relu_last, has_range = e->range != NULL;
  const size_t rows = at->rows, stride = q ? q->stride : 0;
  const pk_quantization *row = q ? q->rows + (at->line * g->product->line_rows + at->row) * stride : NULL;
  tile_outputs out = outputs_at(g, at);
  const int is_part = at->panels < TILE_PANELS || out.count < TILE_PANELS * PK_PANEL;
  panel_terms terms[TILE_PANELS];
  /* A panel that the tile lacks has the terms of the first. */
  EACH_VALUE terms[p] = terms_at(g, (at->panel + (p < at->panels ? p : 0)) * PK_PANEL);
  f32x16 low = spread(-0.0f), high = spread(0);
  for (size_t r = 0; r < rows; r++, row += stride) {
    f32x16 v[TILE_PANELS];
    EACH_VALUE v[p] = load(sums->f[r][p]);
    if (is_quantized) {
      if (!has_low) {
        /* Maps after a ReLU have the zero point 0, rows of transformers do not. */
        if (__builtin_expect(row->zero_point != 0, 1))
          EACH_VALUE v[p] = (f32x16)((u32x16)v[p] - terms[p].weight_sums * (uint32_t)row->zero_point);
        EACH_VALUE v[p] = __builtin_convertvector((i32x16)v[p], f32x16);
      }
      EACH_VALUE v[p] = v[p] * row->scale;
    }
    EACH_VALUE v[p] = v[p] * terms[p].scale + terms[p].bias;
    if (activation != PK_ACTIVATION_NONE) *(f32s *)v = activate(*(const f32s *)v, activation);
    if (is_part) {
      EACH_VALUE store(sums->f[r][p], v[p]);
      continue;
    }
    if (out.residual) {
      EACH_VALUE v[p] = v[p] + load(out.residual + p * PK_PANEL);
      out.residual += out.residual_stride;
    }
    if (relu_last) EACH_VALUE v[p] = relu(v[p]);
    EACH_VALUE store(out.y + p * PK_PANEL, v[p]);
    out.y += out.y_stride;
    if (has_range) {
      EACH_VALUE low = lower(low, v[p]);
      EACH_VALUE high = upper(high, v[p]);
    }
  }
  if (is_part) {
    finish_part(g, at, sums);
  } else if (has_range) {
    e->range[0] = pk_lower(e->range[0], fold_lower(low));
    e->range[1] = pk_upper(e->range[1], fold_upper(high));
  }
}
#undef EACH_VALUE

/* Separate code without an activation, which loads none of its constants. */
static __attribute__((noinline)) void finish_tile(const gemm *g, const place *at, tile_sums *sums) {
  const pk_activation activation = g->product->epilogue.activation;
#ifndef FEW_BYTES
  if (activation == PK_ACTIVATION_NONE) {
    finish_rows(g, at, sums, PK_ACTIVATION_NONE);
    return;
  }
#endif
  finish_rows(g, at, sums, activation);
}

/* Weights that stay in the second-level cache while rows are processed. */
#define CACHED_WEIGHT_BYTES ((size_t)384 << 10)
#define CACHED_ROW_BYTES ((size_t)256 << 10)
/* Tiles that share widened weights. */
#define GROUP_TILES (112 / TILE_ROWS)

/* Prefetches the destination of a tile's values and the terms added to them, which are not cached for large images;
 * they arrive while the sums are computed. Into the second-level cache, because the first level supports too few
 * outstanding requests. */
INLINE void fetch_outputs(const gemm *g, const place *at) {
  const pk_product *p = g->product;
  const pk_epilogue *e = &p->epilogue;
  const float *y = g->y + at->line * p->y_line_stride + at->row * p->y_row_stride + at->panel * PK_PANEL;
  for (size_t r = 0; r < at->rows; r++, y += p->y_row_stride)
    for (size_t panel = 0; panel < at->panels; panel++) __builtin_prefetch(y + panel * PK_PANEL, 0, 2);
  if (!e->residual || e->residual == g->y) return;
  const float *residual =
      e->residual + at->line * e->residual_line_stride + at->row * e->residual_row_stride + at->panel * PK_PANEL;
  for (size_t r = 0; r < at->rows; r++, residual += e->residual_row_stride)
    for (size_t panel = 0; panel < at->panels; panel++) __builtin_prefetch(residual + panel * PK_PANEL, 0, 2);
}

/* Tiles of different rows that read the same panels. */
typedef struct tile_group {
  size_t count;
  place places[GROUP_TILES];
  tile_sums sums[GROUP_TILES];
  size_t panels_ahead; /* panels from the current weights to those to prefetch; 0: none */
} tile_group;

INLINE tile tile_at(const gemm *g, const place *at, const uint8_t *w, size_t panel_bytes) {
  const pk_product *p = g->product;
  return (tile){.rows = at->rows,
                .x = g->x + (at->line * p->x_line_stride + at->row * p->x_row_stride) * g->x_bytes,
                .row_stride = p->x_row_stride * g->x_bytes,
                .segments = p->segments,
                .segment_inputs = p->segment_inputs,
                .segment_stride = p->segment_stride * g->x_bytes,
                .end = p->segments * p->segment_inputs,
                .w = w,
                .next = w,
                .panel_bytes = at->panels == TILE_PANELS ? panel_bytes : 0};
}

/* The first tile stores a block of weights in FP32 for the others. */
static __attribute__((noinline)) void sum_narrow(const gemm *g, tile_group *group, const uint8_t *w,
                                                 size_t panel_bytes) {
  float widened[TILE_PANELS][WIDENED_INPUTS * PK_PANEL] __attribute__((aligned(64)));
  tile first = tile_at(g, &group->places[0], w, panel_bytes);
  size_t inputs = first.end;
  if (group->count > 1 || first.rows > NARROW_ROWS || g->sharing != tile_f32) first.widened = widened;
  do {
    first.end = inputs - first.begin < WIDENED_INPUTS ? inputs : first.begin + WIDENED_INPUTS;
    first.next = first.end < inputs ? first.w + WIDENED_INPUTS * g->input_bytes : w + TILE_PANELS * inputs * g->input_bytes;
    g->tile(&first, &group->sums[0]);
    for (size_t i = 1; i < group->count; i++) {
      tile other = tile_at(g, &group->places[i], (const uint8_t *)widened, sizeof widened[0]);
      other.begin = first.begin;
      other.end = first.end;
      g->sharing(&other, &group->sums[i]);
    }
    first.w += (first.end - first.begin) * g->input_bytes;
    first.begin = first.end;
  } while (first.begin < inputs);
}

/* The sums over high bytes become 256 · H + L. */
static __attribute__((noinline)) void join_planes(const gemm *g, const place *at, tile_sums *sums, const tile_sums *low) {
  for (size_t p = 0; p < at->panels; p++) {
    const u32x16 excess = terms_at(g, (at->panel + p) * PK_PANEL).weight_sums * PK_HIGH_ZERO_POINT;
    for (size_t r = 0; r < at->rows; r++) {
      const i32x16 high_sum = (i32x16)(*(const u32x16 *)sums->i[r][p] - excess);
      store(sums->f[r][p], joined(high_sum, *(const i32x16 *)low->i[r][p]));
    }
  }
}

/* One product of the high bytes and one of the low ones. */
static __attribute__((noinline)) void sum_planes(const gemm *g, const place *at, const tile *t, tile_sums *sums) {
  tile_sums low_sums;
  tile low = *t;
  low.x += g->quantized->low_plane;
  g->tile(t, sums);
  g->tile(&low, &low_sums);
  join_planes(g, at, sums, &low_sums);
}

/* All panels [begin, end) of a group: outputs are written in order, the weights are read again for each group. */
static void run_group(const gemm *g, tile_group *group, size_t begin, size_t end) {
  size_t panel_bytes = g->product->segments * g->product->segment_inputs * g->input_bytes;
  for (size_t panel = begin; panel < end; panel += TILE_PANELS) {
    for (size_t i = 0; i < group->count; i++) {
      group->places[i].panel = panel;
      group->places[i].panels = end - panel < TILE_PANELS ? end - panel : TILE_PANELS;
      fetch_outputs(g, &group->places[i]);
    }
    const uint8_t *w = g->w + panel * panel_bytes;
    if (g->sharing) {
      sum_narrow(g, group, w, panel_bytes);
    } else {
      tile t = tile_at(g, &group->places[0], w, panel_bytes);
      t.ahead = group->panels_ahead * panel_bytes;
      if (g->quantized && g->quantized->low_plane) {
        g->two_bytes(g, &group->places[0], &t, &group->sums[0]);
      } else {
        g->tile(&t, &group->sums[0]);
      }
    }
    for (size_t i = 0; i < group->count; i++) finish_tile(g, &group->places[i], &group->sums[i]);
  }
}

/* All rows × panels [begin, end). Lines are divided into tiles of nearly equal height. */
static void run_panels(const gemm *g, size_t begin, size_t end) {
  size_t line_rows = g->product->line_rows, tiles = (line_rows + TILE_ROWS - 1) / TILE_ROWS, pairs = (line_rows + 1) / 2;
  size_t capacity = g->sharing ? GROUP_TILES : 1;
  tile_group group;
  group.count = 0;
  group.panels_ahead = g->product->lines * tiles > 1 ? TILE_PANELS : 0;
  for (size_t line = 0; line < g->product->lines; line++) {
    for (size_t i = 0; i < tiles; i++) {
      size_t row = pairs * i / tiles * 2, end_row = pairs * (i + 1) / tiles * 2;
      size_t rows = (end_row < line_rows ? end_row : line_rows) - row;
      group.places[group.count++] = (place){.line = line, .row = row, .rows = rows};
      if (group.count == capacity) {
        run_group(g, &group, begin, end);
        group.count = 0;
        if (group.panels_ahead > 0) group.panels_ahead ^= 1;
      }
    }
  }
  if (group.count > 0) run_group(g, &group, begin, end);
}

/* How many panels are multiplied with all rows before the next panels. If the rows fit the cache: the panels of one
 * tile, because the next weights are prefetched in the meantime. Otherwise: as many panels as fit the cache, so that the
 * rows are read less often. */
static size_t panels_at_once(const gemm *g, size_t panel_bytes) {
  const pk_product *p = g->product;
  size_t row_bytes = (p->lines * p->x_line_stride + p->line_rows * p->x_row_stride) * g->x_bytes;
  size_t panels = CACHED_WEIGHT_BYTES / panel_bytes / TILE_PANELS * TILE_PANELS;
  return row_bytes < CACHED_ROW_BYTES || panels < TILE_PANELS ? TILE_PANELS : panels;
}

static void run_gemm(const gemm *g) {
  size_t panel_bytes = g->product->segments * g->product->segment_inputs * g->input_bytes;
  size_t at_once = panel_bytes > 0 ? panels_at_once(g, panel_bytes) : TILE_PANELS;
  for (size_t panel = g->panel_begin; panel < g->panel_end; panel += at_once)
    run_panels(g, panel, g->panel_end - panel < at_once ? g->panel_end : panel + at_once);
}

#define FLOAT_GEMM(name, weight, sharing)                                                                           \
  static void gemm_##name(const pk_product *product, size_t panel_begin, size_t panel_end, const float *x,         \
                          const weight *w, float *y) {                                                              \
    gemm g = {product, panel_begin, panel_end, (const uint8_t *)x, sizeof *x, (const uint8_t *)w,                   \
              PK_PANEL * sizeof *w, y, tile_##name, sharing, NULL, NULL};                                                 \
    run_gemm(&g);                                                                                                   \
  }
FLOAT_GEMM(f32, float, NULL)
FLOAT_GEMM(f16, uint16_t, tile_f32)
#undef FLOAT_GEMM

static void run_integer_gemm(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                             const pk_quantized_rows *rows, const int8_t *w, float *y, sum_tile *tile,
                             sum_two_bytes *two_bytes) {
  gemm g = {product, panel_begin, panel_end, x, sizeof *x, (const uint8_t *)w, PK_PANEL, y, tile, NULL, rows, two_bytes};
  run_gemm(&g);
}

static void gemm_u8s8(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                      const pk_quantized_rows *rows, const int8_t *w, float *y) {
  run_integer_gemm(product, panel_begin, panel_end, x, rows, w, y, tile_u8s8, TWO_BYTES);
}

#endif
