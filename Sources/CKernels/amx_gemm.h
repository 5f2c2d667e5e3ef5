/* Matrix products from blocks of AMX tiles. Rows of different lines are multiplied together where the distances between
 * lines allow it and it saves blocks: the rows of a border between lines are computed and not stored. */
#ifndef PK_AMX_GEMM_H
#define PK_AMX_GEMM_H

#include "amx.h"

/* The blocks of a run have one height, so that the tiles are configured once. The last block may start within the one
 * before it. */
typedef struct block_rows {
  row_run run;
  size_t blocks, height;
} block_rows;

static size_t blocks_of(size_t rows) { return (rows + BLOCK_ROWS - 1) / BLOCK_ROWS; }

/* The first run of rows, and the number of runs: all lines together if that takes fewer blocks. */
static block_rows rows_of(const pk_product *p, size_t *runs) {
  row_run run = {.rows = p->line_rows, .spacing = p->line_rows};
  *runs = p->lines;
  const size_t spacing = p->x_row_stride ? p->x_line_stride / p->x_row_stride : 0;
  if (p->lines > 1 && spacing >= p->line_rows && spacing * p->x_row_stride == p->x_line_stride) {
    const size_t joined_rows = (p->lines - 1) * spacing + p->line_rows;
    if (blocks_of(joined_rows) < p->lines * blocks_of(p->line_rows)) {
      run = (row_run){.rows = joined_rows, .spacing = spacing};
      *runs = 1;
    }
  }
  const size_t blocks = blocks_of(run.rows);
  return (block_rows){run, blocks, blocks ? (run.rows + blocks - 1) / blocks : 0};
}

INLINE size_t panel_bytes_of(const gemm *g) { return g->product->segments * g->product->segment_inputs * g->input_bytes; }

/* Block `index` of the rows: its inputs, and all that is to be finished. Rows that are also in the block before it are
 * not. */
static __attribute__((noinline)) unfinished block_at(const gemm *g, const block_rows *rows, size_t index, size_t panel,
                                                     block_sums *sums, block *inputs) {
  const pk_product *p = g->product;
  const size_t begin = index * rows->height, last = rows->run.rows - rows->height, first = begin < last ? begin : last;
  const size_t panels = g->panel_end - panel < TILE_PANELS ? 1 : TILE_PANELS;
  const size_t offset = rows->run.line * p->x_line_stride + first * p->x_row_stride;
  if (p->lines == 1) fetch_outputs(g, &(place){0, first, rows->height, panel, panels});
  *inputs = (block){.x = g->x + offset * g->x_bytes,
                    .row_stride = p->x_row_stride * g->x_bytes,
                    .upper = (rows->height + 1) / 2,
                    .lower = rows->height / 2,
                    .segments = p->segments,
                    .segment_bytes = p->segment_inputs * g->x_bytes,
                    .segment_stride = p->segment_stride * g->x_bytes,
                    .w = g->w + panel * panel_bytes_of(g),
                    .panel_bytes = panels == TILE_PANELS ? panel_bytes_of(g) : 0};
  return (unfinished){g, rows->run, first, begin - first, rows->height, panel, panels, sums, NULL};
}

/* The lines of a panel to prefetch at each step, of which every block has one per 1 KB of weights. */
INLINE size_t lines_per_step(size_t blocks) { return (STEP_WEIGHTS / 64 + blocks - 1) / blocks; }

typedef void run_body(const gemm *g, const block_rows *rows);

static void each_run(const gemm *g, block_rows rows, size_t runs, run_body *body) {
  if (rows.height == 0) return;
  configure_tiles((rows.height + 1) / 2, rows.height / 2);
  for (; rows.run.line < runs; rows.run.line++) body(g, &rows);
  _tile_release();
}

/* ---- Bytes: exact sums in any order. ---- */

/* Runs of fewer rows are faster without tiles. */
#define FEWEST_ROWS 16
/* Weights that stay in the second-level cache (2 MB) while rows that exceed it are multiplied. */
#define TILE_WEIGHT_BYTES ((size_t)768 << 10)
#define TILE_ROW_BYTES ((size_t)512 << 10)

static void run_bytes(const gemm *g, const block_rows *rows) {
  const pk_product *p = g->product;
  const size_t panel_bytes = panel_bytes_of(g), low_plane = g->quantized->low_plane;
  const size_t steps = p->segments * (p->segment_inputs / STEP_BYTES), parts = (rows->height + ROWS_BETWEEN - 1) / ROWS_BETWEEN;
  size_t at_once = panel_bytes ? TILE_WEIGHT_BYTES / panel_bytes / TILE_PANELS * TILE_PANELS : 0;
  if (at_once < TILE_PANELS || rows->run.rows * p->x_row_stride < TILE_ROW_BYTES) at_once = TILE_PANELS;
  block_sums sums[2], low[2];
  unfinished before = {.g = g};
  prefetch ahead = {.lines = lines_per_step(rows->blocks), .panel_bytes = panel_bytes};
  size_t turn = 0;
  for (size_t begin = g->panel_begin; begin < g->panel_end; begin += at_once) {
    const size_t end = g->panel_end - begin < at_once ? g->panel_end : begin + at_once;
    ahead.next = g->w + end * panel_bytes;
    ahead.end = g->panel_end - end < TILE_PANELS ? ahead.next : ahead.next + panel_bytes;
    for (size_t i = 0; i < rows->blocks; i++) {
      for (size_t panel = begin; panel < end; panel += TILE_PANELS, turn ^= 1) {
        block b;
        unfinished now = block_at(g, rows, i, panel, &sums[turn], &b);
        b.ahead = &ahead;
        b.before = &before;
        b.steps_between = steps / parts + 1;
        sum_block(&b, now.sums);
        if (low_plane) {
          now.low = &low[turn];
          b.x += low_plane;
          sum_block(&b, now.low);
        }
        finish(&before, BLOCK_ROWS);
        before = now;
      }
    }
  }
  finish(&before, BLOCK_ROWS);
}

static void gemm_u8s8_amx(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                          const pk_quantized_rows *rows, const int8_t *w, float *y) {
  size_t runs;
  const block_rows run = rows_of(product, &runs);
  if (run.run.rows < FEWEST_ROWS) {
    gemm_u8s8(product, panel_begin, panel_end, x, rows, w, y);
  } else {
    const gemm g = {product, panel_begin, panel_end, x, sizeof *x, (const uint8_t *)w, PK_PANEL, y, tile_u8s8, NULL, rows, NULL};
    each_run(&g, run, runs, run_bytes);
  }
}

/* ---- BF16: FP16 weights are rounded for all rows of a group of blocks. Every row is multiplied by tiles, whatever their
 * number, and in the same steps, so that a row has the same bits in every batch. ---- */

/* Inputs of a segment whose weights are rounded at a time: 32 KB, as the sums of a group. */
#define CHUNK_INPUTS ((size_t)512)
#define GROUP_BLOCKS 8

typedef struct chunk {
  size_t offset; /* of the first input of a row, in bytes from input 0 */
  size_t inputs;
} chunk;

INLINE chunk chunk_at(const pk_product *p, size_t input) {
  if (p->segment_inputs == 0) return (chunk){0, 0};
  const size_t within = input % p->segment_inputs, rest = p->segment_inputs - within;
  return (chunk){(input / p->segment_inputs * p->segment_stride + within) * sizeof(uint16_t), rest < CHUNK_INPUTS ? rest : CHUNK_INPUTS};
}

typedef uint8_t weight_pairs[TILE_PANELS][CHUNK_INPUTS * PK_PANEL * sizeof(uint16_t)] __attribute__((aligned(64)));

static __attribute__((noinline)) void round_weights(const uint8_t *w, size_t panel_bytes, size_t inputs, weight_pairs pairs) {
  for (size_t panel = 0; panel < TILE_PANELS; panel++)
    for (size_t i = 0; i < inputs; i += 2) {
      const size_t offset = i * PK_PANEL * sizeof(uint16_t);
      store_pair(w + panel * panel_bytes + offset, pairs[panel] + offset);
    }
}

/* A pair of panels for the blocks [first, first + count). */
static void run_block_group(const gemm *g, const block_rows *rows, size_t first, size_t count, size_t panel, weight_pairs pairs) {
  const size_t total = g->product->segments * g->product->segment_inputs;
  block_sums sums[GROUP_BLOCKS];
  unfinished blocks[GROUP_BLOCKS];
  block inputs[GROUP_BLOCKS];
  for (size_t i = 0; i < count; i++) blocks[i] = block_at(g, rows, first + i, panel, &sums[i], &inputs[i]);
  const size_t panel_bytes = inputs[0].panel_bytes;
  const uint8_t *w = inputs[0].w;
  size_t input = 0;
  do {
    const chunk c = chunk_at(g->product, input);
    const size_t weight_bytes = c.inputs * g->input_bytes;
    /* One chunk serves all groups. */
    if (first == 0 || c.inputs < total) round_weights(w, panel_bytes, c.inputs, pairs);
    /* The next chunk of both panels, or the first of the next pair, which follows the second panel. */
    const uint8_t *next = w + weight_bytes + (input + c.inputs < total ? 0 : panel_bytes);
    prefetch ahead = {next, next + weight_bytes, panel_bytes, lines_per_step(count)};
    for (size_t i = 0; i < count; i++) {
      block b = inputs[i];
      b.x += c.offset;
      b.segments = 1;
      b.segment_bytes = c.inputs * sizeof(uint16_t);
      b.w = pairs[0];
      b.panel_bytes = panel_bytes ? sizeof pairs[0] : 0;
      b.has_pairs = 1;
      b.has_sums = input > 0;
      b.ahead = &ahead;
      sum_block(&b, &sums[i]);
    }
    input += c.inputs;
    w += weight_bytes;
  } while (input < total);
  for (size_t i = 0; i < count; i++) finish(&blocks[i], BLOCK_ROWS);
}

static void run_pairs(const gemm *g, const block_rows *rows) {
  weight_pairs pairs;
  for (size_t panel = g->panel_begin; panel < g->panel_end; panel += TILE_PANELS)
    for (size_t first = 0; first < rows->blocks; first += GROUP_BLOCKS)
      run_block_group(g, rows, first, rows->blocks - first < GROUP_BLOCKS ? rows->blocks - first : GROUP_BLOCKS, panel, pairs);
}

static void gemm_bf16_amx(const pk_product *product, size_t panel_begin, size_t panel_end, const uint16_t *x, const uint16_t *w,
                          float *y) {
  size_t runs;
  const block_rows run = rows_of(product, &runs);
  const gemm g = {product, panel_begin, panel_end, (const uint8_t *)x, sizeof *x, (const uint8_t *)w,
                  PK_PANEL * sizeof *w, y, NULL, NULL, NULL, NULL};
  each_run(&g, run, runs, run_pairs);
}

#endif
