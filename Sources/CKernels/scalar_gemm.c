/* Matrix products, the definition. Floating-point order: within a block of PK_SUM_BLOCK inputs, products are added
 * one by one, starting at zero; block sums are added one by one to a total that starts at zero. Nothing is fused. */
#include "bits.h"
#include "constants.h"
#include "include/pk_math.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* Rows whose totals are kept while a block of weights is in use. */
#define ROW_TILE 16

/* v / (1 + 2^x). Within the limits the power is a normal number; beyond them the result is already v or close to 0. */
static float gated(float v, float x) {
  x = x < PK_EXP2_LARGEST ? x : PK_EXP2_LARGEST;
  x = x > -PK_EXP2_LARGEST ? x : -PK_EXP2_LARGEST;
  return v / (1.0f + pk_exp2f(x));
}

/* v · Φ(v), from the smaller side of the normal distribution: no difference of nearly equal numbers. */
static float gelu(float v) {
  const float a = pk_float(pk_bits(v) & 0x7FFFFFFFu);
  float p = PK_GELU_B8;
  p = p * a + PK_GELU_B7;
  p = p * a + PK_GELU_B6;
  p = p * a + PK_GELU_B5;
  p = p * a + PK_GELU_B4;
  p = p * a + PK_GELU_B3;
  p = p * a + PK_GELU_B2;
  p = p * a + PK_GELU_B1;
  p = p * a + PK_GELU_B0;
  return pk_relu(v) - a * pk_exp2f(p > -PK_EXP2_LARGEST ? p : -PK_EXP2_LARGEST);
}

float pk_activate(float v, pk_activation activation) {
  switch (activation) {
    case PK_ACTIVATION_NONE: return v;
    case PK_ACTIVATION_QUICK_GELU: return gated(v, PK_QUICK_GELU_C1 * v);
    case PK_ACTIVATION_GELU_ERF: return gelu(v);
    case PK_ACTIVATION_GELU_TANH: return gated(v, v * (PK_GELU_TANH_C1 + PK_GELU_TANH_C3 * (v * v)));
  }
  return v;
}

/* A row of the product: position `position` in line `line`. */
typedef struct row_place {
  size_t line, position;
} row_place;

static row_place place_of(const pk_product *p, size_t row) {
  return (row_place){row / p->line_rows, row % p->line_rows};
}

/* The element of x that holds input 0 of segment `segment`. */
static size_t x_index(const pk_product *p, row_place at, size_t segment) {
  return at.line * p->x_line_stride + at.position * p->x_row_stride + segment * p->segment_stride;
}

static void widen_range(float *range, float v) {
  range[0] = pk_lower(range[0], v);
  range[1] = pk_upper(range[1], v);
}

/* Turns sixteen sums of a row into outputs 16 · panel … */
static void finish(const pk_product *p, const float *sums, row_place at, size_t panel, float *y) {
  const pk_epilogue *e = &p->epilogue;
  y += at.line * p->y_line_stride + at.position * p->y_row_stride;
  for (size_t lane = 0; lane < PK_PANEL; lane++) {
    size_t n = panel * PK_PANEL + lane;
    if (n >= e->output_count) return;
    float v = sums[lane];
    if (e->scale) v = v * e->scale[n];
    if (e->bias) v = v + e->bias[n];
    v = pk_activate(v, e->activation);
    if (e->residual)
      v = v + e->residual[at.line * e->residual_line_stride + at.position * e->residual_row_stride + n];
    if (e->relu_last) v = pk_relu(v);
    if (e->range) widen_range(e->range, v);
    y[n] = v;
  }
}

/* Adds the products of `count` inputs to 16 totals of each of `rows` rows. `rows` is a constant; several rows hide
 * the latency of an addition. */
static inline __attribute__((always_inline)) void add_block(const size_t rows, size_t count, const float *x,
                                                            size_t ldx, const float (*w)[PK_PANEL],
                                                            float (*totals)[PK_PANEL]) {
  float sums[2][PK_PANEL] = {{0}};
  for (size_t i = 0; i < count; i++)
    for (size_t row = 0; row < rows; row++)
      for (size_t lane = 0; lane < PK_PANEL; lane++) sums[row][lane] = sums[row][lane] + x[row * ldx + i] * w[i][lane];
  for (size_t row = 0; row < rows; row++)
    for (size_t lane = 0; lane < PK_PANEL; lane++) totals[row][lane] = totals[row][lane] + sums[row][lane];
}

/* Widens inputs [begin, begin + count) of one panel to FP32, [count][16]. */
typedef void widen_block(const void *panel, size_t begin, size_t count, float (*block)[PK_PANEL]);

static void widen_f32(const void *panel, size_t begin, size_t count, float (*block)[PK_PANEL]) {
  memcpy(block, (const float *)panel + begin * PK_PANEL, count * sizeof *block);
}

static void widen_f16(const void *panel, size_t begin, size_t count, float (*block)[PK_PANEL]) {
  const uint16_t *w = (const uint16_t *)panel + begin * PK_PANEL;
  for (size_t i = 0; i < count * PK_PANEL; i++) block[i / PK_PANEL][i % PK_PANEL] = pk_f16_to_f32(w[i]);
}

/* Copies inputs [begin, begin + count) of a row, which can span several segments. */
static void copy_inputs(const pk_product *p, const float *x, row_place at, size_t begin, size_t count, float *inputs) {
  for (size_t i = 0; i < count; i++)
    inputs[i] = x[x_index(p, at, (begin + i) / p->segment_inputs) + (begin + i) % p->segment_inputs];
}

static void gemm_widened(const pk_product *p, size_t panel_begin, size_t panel_end, const float *x, const void *w,
                         size_t input_bytes, widen_block *widen, float *y) {
  float block[PK_SUM_BLOCK][PK_PANEL], inputs[ROW_TILE][PK_SUM_BLOCK];
  size_t m = p->lines * p->line_rows, k = p->segments * p->segment_inputs;
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    const void *weights = (const uint8_t *)w + panel * k * input_bytes;
    for (size_t row = 0; row < m; row += ROW_TILE) {
      size_t rows = m - row < ROW_TILE ? m - row : ROW_TILE;
      float totals[ROW_TILE][PK_PANEL] = {{0}};
      for (size_t begin = 0; begin < k; begin += PK_SUM_BLOCK) {
        size_t count = k - begin < PK_SUM_BLOCK ? k - begin : PK_SUM_BLOCK;
        widen(weights, begin, count, block);
        for (size_t i = 0; i < rows; i++) copy_inputs(p, x, place_of(p, row + i), begin, count, inputs[i]);
        size_t i = 0;
        for (; i + 2 <= rows; i += 2) add_block(2, count, inputs[i], PK_SUM_BLOCK, block, totals + i);
        if (i < rows) add_block(1, count, inputs[i], PK_SUM_BLOCK, block, totals + i);
      }
      for (size_t i = 0; i < rows; i++) finish(p, totals[i], place_of(p, row + i), panel, y);
    }
  }
}

void gemm_f32_scalar(const pk_product *product, size_t panel_begin, size_t panel_end, const float *x, const float *w,
                     float *y) {
  gemm_widened(product, panel_begin, panel_end, x, w, PK_PANEL * sizeof *w, widen_f32, y);
}

void gemm_f16_scalar(const pk_product *product, size_t panel_begin, size_t panel_end, const float *x,
                     const uint16_t *w, float *y) {
  gemm_widened(product, panel_begin, panel_end, x, w, PK_PANEL * sizeof *w, widen_f16, y);
}

void add_transposed_f32_scalar(size_t k, const float *x, const float *panel, float *y) {
  for (size_t i = 0; i < k; i++, panel += PK_PANEL) {
    float sums[PK_PANEL];
    for (size_t lane = 0; lane < PK_PANEL; lane++) sums[lane] = 0 + x[lane] * panel[lane];
    for (size_t half = PK_PANEL / 2; half > 0; half /= 2)
      for (size_t lane = 0; lane < half; lane++) sums[lane] = sums[lane] + sums[lane + half];
    y[i] = y[i] + sums[0];
  }
}

void add_transposed_s8_scalar(size_t k, const float *x, const int8_t *panel, float *y) {
  for (size_t i = 0; i < k; i++) {
    float sums[4] = {0};
    for (size_t lane = 0; lane < PK_PANEL; lane++)
      sums[lane % 4] = sums[lane % 4] + x[lane] * (float)panel[(i / 4 * PK_PANEL + lane) * 4 + i % 4];
    y[i] = y[i] + ((sums[0] + sums[2]) + (sums[1] + sums[3]));
  }
}

/* Adds the products of one segment of one row with its part of one panel. */
static inline __attribute__((always_inline)) void sum_segment(size_t count, const uint8_t *x, const int8_t *panel, int32_t *sums) {
  for (size_t i = 0; i < count; i += 4)
    for (size_t lane = 0; lane < PK_PANEL; lane++)
      for (size_t j = 0; j < 4; j++) sums[lane] += x[i + j] * panel[(i / 4 * PK_PANEL + lane) * 4 + j];
}

/* The sums of one row of bytes with one panel. Bytes may alias anything, so the sums are local until the end. */
static void sum_bytes(const pk_product *p, row_place at, const uint8_t *x, const int8_t *panel, int32_t *sums) {
  int32_t totals[PK_PANEL] = {0};
  for (size_t s = 0; s < p->segments; s++)
    sum_segment(p->segment_inputs, x + x_index(p, at, s), panel + s * p->segment_inputs * PK_PANEL, totals);
  memcpy(sums, totals, sizeof totals);
}

void gemm_u8s8_scalar(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                      const pk_quantized_rows *rows, const int8_t *w, float *y) {
  size_t m = product->lines * product->line_rows, panel_inputs = product->segments * product->segment_inputs;
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    const int8_t *weights = w + panel * panel_inputs * PK_PANEL;
    for (size_t row = 0; row < m; row++) {
      row_place at = place_of(product, row);
      const pk_quantization quantization = rows->rows[row * rows->stride];
      int32_t sums[PK_PANEL], low_sums[PK_PANEL];
      sum_bytes(product, at, x, weights, sums);
      if (rows->low_plane) sum_bytes(product, at, x + rows->low_plane, weights, low_sums);
      float values[PK_PANEL];
      for (size_t lane = 0; lane < PK_PANEL; lane++) {
        /* The stored sum in a damaged bundle can be any number, so the product is unsigned and wraps. */
        const uint32_t excess = (uint32_t)quantization.zero_point * (uint32_t)rows->weight_sums[panel * PK_PANEL + lane];
        const int32_t sum = (int32_t)((uint32_t)sums[lane] - excess);
        values[lane] = rows->low_plane ? (float)(256.0 * sum + low_sums[lane]) : (float)sum;
        values[lane] = values[lane] * quantization.scale;
      }
      finish(product, values, at, panel, y);
    }
  }
}
