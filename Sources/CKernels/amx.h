/* Blocks of AMX tiles (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18). A block is up
 * to 32 rows × 2 panels: tiles 0–3 hold its sums, 4 and 5 its upper and lower rows, 6 and 7 the weights of the two
 * panels. Stored panels are tiles of weights as they are: 16 groups of four bytes × 16 outputs, 1 KB.
 *
 * The including file provides the epilogue (wide_gemm.h) and the instructions: the processor's, or their emulation in
 * CKernelChecks. A product of two tiles takes 16 cycles whatever the number of its rows. */
#ifndef PK_AMX_H
#define PK_AMX_H

#include <string.h>

#define TILE_HEIGHT 16
#define BLOCK_ROWS (2 * TILE_HEIGHT)
/* Of a row, in one step. */
#define STEP_BYTES ((size_t)64)
/* Of a panel, in one step. */
#define STEP_WEIGHTS ((size_t)1024)
/* Rows that become values between two steps. */
#define ROWS_BETWEEN 8

typedef struct block_sums {
  float f[BLOCK_ROWS][TILE_PANELS][PK_PANEL]; /* or integers */
} __attribute__((aligned(64))) block_sums;

INLINE tile_sums *sums_from(block_sums *sums, size_t row) { return (tile_sums *)(void *)sums->f[row]; }

/* Evenly spaced rows: those of all lines with the borders between lines, or those of one line. */
typedef struct row_run {
  size_t line, rows, spacing; /* `spacing` rows from one line to the next */
} row_run;

/* Sums whose values are computed between the steps of the next block, while the tiles are busy. */
typedef struct unfinished {
  const gemm *g;
  row_run run;
  size_t first, next, rows; /* row 0 of the block is `first` of the run; rows [next, rows) of the block remain */
  size_t panel, panels;
  block_sums *sums, *low; /* `low`: of the low bytes of activations of two bytes, or null */
} unfinished;

/* Computes the values of up to `most` rows. */
static __attribute__((noinline)) void finish(unfinished *u, size_t most) {
  const size_t end = u->rows - u->next < most ? u->rows : u->next + most, line_rows = u->g->product->line_rows;
  while (u->next < end) {
    const size_t row = u->first + u->next, within = row % u->run.spacing;
    const int is_border = within >= line_rows;
    size_t rows = (is_border ? u->run.spacing : line_rows) - within;
    if (rows > end - u->next) rows = end - u->next;
    if (rows > ROWS_BETWEEN) rows = ROWS_BETWEEN;
    const place at = {u->run.line + row / u->run.spacing, within, rows, u->panel, u->panels};
    if (!is_border) {
      tile_sums *sums = sums_from(u->sums, u->next);
      if (u->low) join_planes(u->g, &at, sums, sums_from(u->low, u->next));
      finish_tile(u->g, &at, sums);
    }
    u->next += rows;
  }
}

/* Weights to prefetch: some lines of each panel at each step. */
typedef struct prefetch {
  const uint8_t *next, *end;
  size_t panel_bytes, lines;
} prefetch;

INLINE void fetch_ahead(prefetch *p) {
  for (size_t i = 0; i < p->lines && p->next < p->end; i++, p->next += 64)
    for (size_t panel = 0; panel < TILE_PANELS; panel++) __builtin_prefetch(p->next + panel * p->panel_bytes, 0, 2);
}

/* The inputs of a block. x is at its first row, w at its first panel; strides in bytes. */
typedef struct block {
  const uint8_t *x;
  size_t row_stride, upper, lower; /* rows of the two tiles; `lower` may be 0 */
  size_t segments, segment_bytes, segment_stride;
  const uint8_t *w;
  size_t panel_bytes; /* from one panel to the next; 0: the same panel is used for both */
  int has_pairs;      /* pairs of BF16, or bytes */
  int has_sums;       /* whether the sums in memory are continued */
  prefetch *ahead;
  unfinished *before;
  size_t steps_between; /* of this block, from one part of `before` to the next; 0: none */
} block;

/* The operand of LDTILECFG. */
typedef struct tile_configuration {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;
_Static_assert(sizeof(tile_configuration) == 64, "LDTILECFG reads 64 bytes");

/* For blocks of these heights. Tiles that are not used have a size all the same. */
static void configure_tiles(size_t upper, size_t lower) {
  tile_configuration c = {.palette = 1};
  const uint8_t high = (uint8_t)upper, low = (uint8_t)(lower ? lower : upper);
  const uint8_t rows[8] = {high, high, low, low, high, low, TILE_HEIGHT, TILE_HEIGHT};
  for (size_t i = 0; i < 8; i++) {
    c.row_bytes[i] = STEP_BYTES;
    c.rows[i] = rows[i];
  }
  _tile_loadconfig(&c);
}

#define MULTIPLY(sum, x, w) (b->has_pairs ? _tile_dpbf16ps(sum, x, w) : _tile_dpbusd(sum, x, w))

INLINE void step(const block *b, const uint8_t *x, size_t stride, const uint8_t *w, size_t panel_bytes) {
  _tile_loadd(6, w, STEP_BYTES);
  _tile_loadd(4, x, stride);
  MULTIPLY(0, 4, 6);
  _tile_loadd(7, w + panel_bytes, STEP_BYTES);
  MULTIPLY(1, 4, 7);
  if (b->lower == 0) return;
  _tile_loadd(5, x + b->upper * stride, stride);
  MULTIPLY(2, 5, 6);
  MULTIPLY(3, 5, 7);
}
#undef MULTIPLY

/* The last inputs of a segment, fewer than a step's. Reads only them: zeros follow in the rows and in the weights. */
typedef struct rest_inputs {
  uint8_t x[BLOCK_ROWS][STEP_BYTES], w[TILE_PANELS][STEP_WEIGHTS];
} __attribute__((aligned(64))) rest_inputs;

static __attribute__((noinline)) void copy_rest(const block *b, const uint8_t *x, const uint8_t *w, size_t bytes, rest_inputs *rest) {
  memset(rest, 0, sizeof *rest);
  for (size_t r = 0; r < b->upper + b->lower; r++) memcpy(rest->x[r], x + r * b->row_stride, bytes);
  for (size_t p = 0; p < TILE_PANELS; p++) memcpy(rest->w[p], w + p * b->panel_bytes, bytes * PK_PANEL);
}

#define EACH_SUM_TILE(move)                                 \
  move(0, sums->f[0][0], sizeof sums->f[0]);                \
  move(1, sums->f[0][1], sizeof sums->f[0]);                \
  if (b->lower) {                                           \
    move(2, sums->f[b->upper][0], sizeof sums->f[0]);       \
    move(3, sums->f[b->upper][1], sizeof sums->f[0]);       \
  }

/* Sums over all inputs of a block. */
static __attribute__((noinline)) void sum_block(const block *b, block_sums *sums) {
  if (b->has_sums) {
    EACH_SUM_TILE(_tile_loadd)
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const uint8_t *w = b->w;
  const size_t whole = b->segment_bytes / STEP_BYTES * STEP_BYTES, rest_bytes = b->segment_bytes - whole;
  size_t wait = b->steps_between;
  for (size_t s = 0; s < b->segments; s++) {
    const uint8_t *x = b->x + s * b->segment_stride;
    for (const uint8_t *end = x + whole; x < end; x += STEP_BYTES, w += STEP_WEIGHTS) {
      fetch_ahead(b->ahead);
      step(b, x, b->row_stride, w, b->panel_bytes);
      if (--wait > 0) continue;
      finish(b->before, ROWS_BETWEEN);
      wait = b->steps_between;
    }
    if (rest_bytes == 0) continue;
    rest_inputs rest;
    copy_rest(b, x, w, rest_bytes, &rest);
    step(b, rest.x[0], STEP_BYTES, rest.w[0], STEP_WEIGHTS);
    w += rest_bytes * PK_PANEL;
  }
  EACH_SUM_TILE(_tile_stored)
}
#undef EACH_SUM_TILE

#endif
