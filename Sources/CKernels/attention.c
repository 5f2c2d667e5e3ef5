/* Attention of one head as two matrix products over panels made on the spot: keys become the weights of
 * scores = q · kᵀ, values those of out = probabilities · v. */
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* Queries whose scores are held at once: they stay in the cache between the two products. */
#define QUERY_TILE 24

static size_t round_up(size_t count, size_t multiple) { return (count + multiple - 1) / multiple * multiple; }

size_t pk_attention_scratch(size_t query_count, size_t key_count, size_t d) {
  size_t keys = round_up(key_count, PK_PANEL);
  size_t tile = query_count < QUERY_TILE ? query_count : QUERY_TILE;
  return keys * d + key_count * round_up(d, PK_PANEL) +
         tile * (pk_row_stride(keys, sizeof(float)) + pk_row_stride(d, sizeof(float)));
}

/* v[key, d] → panels [d/16, key, 16]: a copy, as the outputs of the second product are already contiguous. */
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

/* Queries of one tile, scaled, in rows that do not share cache sets as those of an in-projection may. */
static void scale_queries(size_t rows, size_t d, float scale, const float *q, size_t ldq, float *scaled,
                          size_t stride) {
  for (size_t row = 0; row < rows; row++)
    for (size_t i = 0; i < d; i++) scaled[row * stride + i] = q[row * ldq + i] * scale;
}

static size_t visible_keys(size_t query, size_t key_count, ptrdiff_t causal_offset) {
  if (causal_offset == PK_ATTEND_ALL) return key_count;
  size_t visible = (size_t)((ptrdiff_t)query + causal_offset + 1);
  return visible < key_count ? visible : key_count;
}

/* Scores of one query become probabilities. Keys it does not see get 0, which adds nothing to any sum. */
static void normalize(const pk_kernels *kernels, float *scores, size_t visible, size_t key_count) {
  size_t whole = round_up(visible, PK_PANEL);
  for (size_t key = visible; key < whole; key++) scores[key] = -__builtin_inff();
  kernels->softmax_f32(1, whole, scores, whole);
  if (whole < key_count) memset(scores + whole, 0, (key_count - whole) * sizeof *scores);
}

static pk_product matrix(size_t rows, size_t inputs, size_t ldx, size_t ldy, size_t outputs) {
  return (pk_product){.lines = 1, .line_rows = rows, .x_row_stride = ldx, .segments = 1, .segment_inputs = inputs,
                      .y_row_stride = ldy, .epilogue = {.output_count = outputs}};
}

void pk_attention_with(const pk_kernels *kernels, size_t query_count, size_t key_count, size_t d, float scale,
                       ptrdiff_t causal_offset, const float *q, size_t ldq, const float *k, size_t ldk,
                       const float *v, size_t ldv, float *out, size_t ldout, float *scratch) {
  if (query_count == 0 || key_count == 0 || d == 0) return;
  size_t key_panels = round_up(key_count, PK_PANEL) / PK_PANEL;
  size_t value_panels = round_up(d, PK_PANEL) / PK_PANEL;
  size_t stride = pk_row_stride(key_panels * PK_PANEL, sizeof(float));
  size_t query_stride = pk_row_stride(d, sizeof(float));
  float *keys = scratch;
  float *values = keys + key_panels * PK_PANEL * d;
  float *scores = values + key_count * value_panels * PK_PANEL;
  float *queries = scores + (query_count < QUERY_TILE ? query_count : QUERY_TILE) * stride;
  kernels->pack_f32(key_count, d, d, 0, key_panels, k, ldk, keys);
  pack_values(key_count, d, v, ldv, values);

  for (size_t first = 0; first < query_count; first += QUERY_TILE) {
    size_t rows = query_count - first < QUERY_TILE ? query_count - first : QUERY_TILE;
    size_t visible = visible_keys(first + rows - 1, key_count, causal_offset);
    scale_queries(rows, d, scale, q + first * ldq, ldq, queries, query_stride);
    pk_product product = matrix(rows, d, query_stride, stride, visible);
    kernels->gemm_f32(&product, 0, round_up(visible, PK_PANEL) / PK_PANEL, queries, keys, scores);
    for (size_t row = 0; row < rows; row++)
      normalize(kernels, scores + row * stride, visible_keys(first + row, key_count, causal_offset), key_count);
    product = matrix(rows, key_count, stride, ldout, d);
    kernels->gemm_f32(&product, 0, value_panels, scores, values, out + first * ldout);
  }
}
