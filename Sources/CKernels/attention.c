/* Attention of one head as two matrix products over panels that are built on demand: keys are the weights of scores =
 * q · kᵀ, values those of out = probabilities · v. */
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* The most queries whose scores are computed at once, so that the scores stay in the cache between the two products.
 * Two complete tiles of the widest kernels. */
#define QUERY_TILE 28

static size_t round_up(size_t count, size_t multiple) { return (count + multiple - 1) / multiple * multiple; }

size_t pk_attention_scratch(size_t query_count, size_t key_count, size_t d) {
  size_t keys = round_up(key_count, PK_PANEL);
  size_t tile = query_count < QUERY_TILE ? query_count : QUERY_TILE;
  return keys * d + key_count * round_up(d, PK_PANEL) + tile * pk_row_stride(keys, sizeof(float)) + keys;
}

/* v[key, d] → panels [d/16, key, 16]: a copy, because the outputs of the second product are already contiguous. */
static void pack_values(size_t key_count, size_t d, const float *v, size_t ldv, float *panels) {
  for (size_t column = 0; column + PK_PANEL <= d; column += PK_PANEL)
    for (size_t key = 0; key < key_count; key++, panels += PK_PANEL)
      memcpy(panels, v + key * ldv + column, PK_PANEL * sizeof *panels);
  size_t rest = d % PK_PANEL;
  for (size_t key = 0; rest > 0 && key < key_count; key++, panels += PK_PANEL) {
    memcpy(panels, v + key * ldv + d - rest, rest * sizeof *panels);
    memset(panels + rest, 0, (PK_PANEL - rest) * sizeof *panels);
  }
}

static size_t visible_keys(size_t query, size_t key_count, ptrdiff_t causal_offset) {
  if (causal_offset == PK_ATTEND_ALL) return key_count;
  size_t visible = (size_t)((ptrdiff_t)query + causal_offset + 1);
  return visible < key_count ? visible : key_count;
}

static pk_product matrix(size_t rows, size_t inputs, size_t ldx, size_t ldy, size_t outputs) {
  return (pk_product){.lines = 1, .line_rows = rows, .x_row_stride = ldx, .segments = 1, .segment_inputs = inputs,
                      .y_row_stride = ldy, .epilogue = {.output_count = outputs}};
}

/* The keys and values of one head in panels, and memory for the scores of a tile of queries. */
typedef struct head {
  const pk_kernels *kernels;
  size_t key_count, d, stride;
  ptrdiff_t causal_offset;
  float *keys, *values, *scales, *scores;
} head;

/* Turns the scores of the tile into probabilities. Keys that a query does not attend to get 0, which adds nothing to
 * a sum. */
static void normalize(const head *h, size_t first, size_t rows, size_t width) {
  for (size_t row = 0; row < rows; row++) {
    float *scores = h->scores + row * h->stride;
    for (size_t key = visible_keys(first + row, h->key_count, h->causal_offset); key < width; key++)
      scores[key] = -__builtin_inff();
    if (width < h->key_count) memset(scores + width, 0, (h->key_count - width) * sizeof *scores);
  }
  h->kernels->softmax_f32(rows, width, h->scores, h->stride);
}

static void attend(const head *h, size_t first, size_t rows, const float *q, size_t ldq, float *out, size_t ldout) {
  size_t visible = visible_keys(first + rows - 1, h->key_count, h->causal_offset);
  size_t panels = round_up(visible, PK_PANEL) / PK_PANEL;
  pk_product product = matrix(rows, h->d, ldq, h->stride, visible);
  product.epilogue.scale = h->scales;
  h->kernels->gemm_f32(&product, 0, panels, q, h->keys, h->scores);
  normalize(h, first, rows, panels * PK_PANEL);
  product = matrix(rows, h->key_count, h->stride, ldout, h->d);
  h->kernels->gemm_f32(&product, 0, round_up(h->d, PK_PANEL) / PK_PANEL, h->scores, h->values, out);
}

void pk_attention_with(const pk_kernels *kernels, size_t query_count, size_t key_count, size_t d, float scale,
                       ptrdiff_t causal_offset, const float *q, size_t ldq, const float *k, size_t ldk,
                       const float *v, size_t ldv, float *out, size_t ldout, float *scratch) {
  if (query_count == 0 || key_count == 0 || d == 0) return;
  size_t keys = round_up(key_count, PK_PANEL);
  head h = {.kernels = kernels, .key_count = key_count, .d = d, .causal_offset = causal_offset,
            .stride = pk_row_stride(keys, sizeof(float)), .keys = scratch, .values = scratch + keys * d};
  h.scales = h.values + key_count * round_up(d, PK_PANEL);
  h.scores = h.scales + keys;
  kernels->pack_f32(key_count, d, d, 0, keys / PK_PANEL, k, ldk, h.keys);
  pack_values(key_count, d, v, ldv, h.values);
  for (size_t key = 0; key < keys; key++) h.scales[key] = scale;

  size_t tiles = (query_count + QUERY_TILE - 1) / QUERY_TILE;
  for (size_t tile = 0; tile < tiles; tile++) {
    size_t first = query_count * tile / tiles, rows = query_count * (tile + 1) / tiles - first;
    attend(&h, first, rows, q + first * ldq, ldq, out + first * ldout, ldout);
  }
}
