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
  return keys * d + key_count * round_up(d, PK_PANEL) + tile * pk_row_stride(keys, sizeof(float));
}

/* v[key, d] → panels [d/16, key, 16]: a copy, as the outputs of the second product are already contiguous. */
static void pack_values(size_t key_count, size_t d, const float *v, size_t ldv, float *panels) {
  for (size_t column = 0; column < d; column += PK_PANEL) {
    size_t count = d - column < PK_PANEL ? d - column : PK_PANEL;
    for (size_t key = 0; key < key_count; key++, panels += PK_PANEL) {
      memcpy(panels, v + key * ldv + column, count * sizeof *panels);
      memset(panels + count, 0, (PK_PANEL - count) * sizeof *panels);
    }
  }
}

static size_t visible_keys(size_t query, size_t key_count, ptrdiff_t causal_offset) {
  if (causal_offset == PK_ATTEND_ALL) return key_count;
  size_t visible = (size_t)((ptrdiff_t)query + causal_offset + 1);
  return visible < key_count ? visible : key_count;
}

/* Scores of one query become probabilities; keys it does not see get 0, which adds nothing to any sum. */
static void normalize(const pk_kernels *kernels, float *scores, size_t visible, size_t key_count, float scale) {
  for (size_t key = 0; key < visible; key++) scores[key] = scores[key] * scale;
  kernels->softmax_f32(1, visible, scores, visible);
  memset(scores + visible, 0, (key_count - visible) * sizeof *scores);
}

void pk_attention_with(const pk_kernels *kernels, size_t query_count, size_t key_count, size_t d, float scale,
                       ptrdiff_t causal_offset, const float *q, size_t ldq, const float *k, size_t ldk,
                       const float *v, size_t ldv, float *out, size_t ldout, float *scratch) {
  if (query_count == 0 || key_count == 0 || d == 0) return;
  size_t key_panels = round_up(key_count, PK_PANEL) / PK_PANEL;
  size_t value_panels = round_up(d, PK_PANEL) / PK_PANEL;
  size_t stride = pk_row_stride(key_panels * PK_PANEL, sizeof(float));
  float *keys = scratch;
  float *values = keys + key_panels * PK_PANEL * d;
  float *scores = values + key_count * value_panels * PK_PANEL;
  kernels->pack_f32(key_count, d, d, 0, key_panels, k, ldk, keys);
  pack_values(key_count, d, v, ldv, values);

  for (size_t first = 0; first < query_count; first += QUERY_TILE) {
    size_t rows = query_count - first < QUERY_TILE ? query_count - first : QUERY_TILE;
    size_t visible = visible_keys(first + rows - 1, key_count, causal_offset);
    pk_epilogue plain = {.output_count = visible};
    kernels->gemm_f32(rows, d, 0, round_up(visible, PK_PANEL) / PK_PANEL, q + first * ldq, ldq, keys, scores, stride,
                      &plain);
    for (size_t row = 0; row < rows; row++)
      normalize(kernels, scores + row * stride, visible_keys(first + row, key_count, causal_offset), key_count,
                scale);
    plain.output_count = d;
    kernels->gemm_f32(rows, key_count, 0, value_panels, scores, stride, values, out + first * ldout, ldout, &plain);
  }
}
