/* Matrix products, the definition. Floating-point order: within a block of PK_SUM_BLOCK inputs the products are added
 * one by one from zero; block sums are added one by one to a total from zero. Nothing is fused. */
#include "bits.h"
#include "constants.h"
#include "include/pk_math.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* Rows whose totals are kept while a block of weights is at hand. */
#define ROW_TILE 16

static float activate(float v, pk_activation activation) {
  switch (activation) {
    case PK_ACTIVATION_NONE: return v;
    case PK_ACTIVATION_RELU: return v > 0 ? v : 0;
    case PK_ACTIVATION_QUICK_GELU: return v / (1.0f + pk_expf(-1.702f * v));
    case PK_ACTIVATION_GELU_ERF: return (0.5f * v) * (1.0f + pk_erff(v * PK_SQRT_HALF));
    case PK_ACTIVATION_GELU_TANH:
      return v / (1.0f + pk_expf(v * (PK_GELU_TANH_C1 + PK_GELU_TANH_C3 * (v * v))));
  }
  return v;
}

/* Sixteen sums of row `row` become outputs 16 · panel … */
static void finish(const float *sums, size_t row, size_t panel, const pk_epilogue *e, float *y, size_t ldy) {
  for (size_t lane = 0; lane < PK_PANEL; lane++) {
    size_t n = panel * PK_PANEL + lane;
    if (n >= e->output_count) return;
    float v = sums[lane];
    if (e->scale) v = v * e->scale[n];
    if (e->bias) v = v + e->bias[n];
    v = activate(v, e->activation);
    if (e->residual) v = v + e->residual[row * e->residual_stride + n];
    if (e->relu_last) v = v > 0 ? v : 0;
    y[row * ldy + n] = v;
  }
}

/* Adds the products of `count` inputs to 16 totals of each of `rows` rows, a constant: several rows hide the time that
 * an addition takes. */
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

static void widen_s8(const void *panel, size_t begin, size_t count, float (*block)[PK_PANEL]) {
  const int8_t *w = (const int8_t *)panel + begin * PK_PANEL;
  for (size_t i = 0; i < count; i++)
    for (size_t lane = 0; lane < PK_PANEL; lane++) block[i][lane] = (float)w[(i / 4 * PK_PANEL + lane) * 4 + i % 4];
}

static void gemm_widened(size_t m, size_t k, size_t panel_begin, size_t panel_end, const float *x, size_t ldx,
                         const void *w, size_t panel_bytes, widen_block *widen, float *y, size_t ldy,
                         const pk_epilogue *epilogue) {
  float block[PK_SUM_BLOCK][PK_PANEL];
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    const void *weights = (const uint8_t *)w + panel * panel_bytes;
    for (size_t row = 0; row < m; row += ROW_TILE) {
      size_t rows = m - row < ROW_TILE ? m - row : ROW_TILE;
      float totals[ROW_TILE][PK_PANEL] = {{0}};
      for (size_t begin = 0; begin < k; begin += PK_SUM_BLOCK) {
        size_t count = k - begin < PK_SUM_BLOCK ? k - begin : PK_SUM_BLOCK;
        widen(weights, begin, count, block);
        const float *tile = x + row * ldx + begin;
        size_t i = 0;
        for (; i + 2 <= rows; i += 2) add_block(2, count, tile + i * ldx, ldx, block, totals + i);
        if (i < rows) add_block(1, count, tile + i * ldx, ldx, block, totals + i);
      }
      for (size_t i = 0; i < rows; i++) finish(totals[i], row + i, panel, epilogue, y, ldy);
    }
  }
}

void gemm_f32_scalar(size_t m, size_t k, size_t panel_begin, size_t panel_end, const float *x, size_t ldx,
                     const float *w, float *y, size_t ldy, const pk_epilogue *epilogue) {
  gemm_widened(m, k, panel_begin, panel_end, x, ldx, w, k * PK_PANEL * sizeof *w, widen_f32, y, ldy, epilogue);
}

void gemm_f16_scalar(size_t m, size_t k, size_t panel_begin, size_t panel_end, const float *x, size_t ldx,
                     const uint16_t *w, float *y, size_t ldy, const pk_epilogue *epilogue) {
  gemm_widened(m, k, panel_begin, panel_end, x, ldx, w, k * PK_PANEL * sizeof *w, widen_f16, y, ldy, epilogue);
}

void gemm_s8f_scalar(size_t m, size_t k, size_t panel_begin, size_t panel_end, const float *x, size_t ldx,
                     const int8_t *w, float *y, size_t ldy, const pk_epilogue *epilogue) {
  gemm_widened(m, k, panel_begin, panel_end, x, ldx, w, k * PK_PANEL * sizeof *w, widen_s8, y, ldy, epilogue);
}

/* Integer sums of one row and one panel. */
static void sum_s8(size_t k, const int8_t *x, const int8_t *panel, int32_t *sums) {
  for (size_t i = 0; i < k; i += 4)
    for (size_t lane = 0; lane < PK_PANEL; lane++)
      for (size_t j = 0; j < 4; j++) sums[lane] += x[i + j] * panel[(i / 4 * PK_PANEL + lane) * 4 + j];
}

static void sum_u8(size_t k, const uint8_t *x, const int8_t *panel, int32_t *sums) {
  for (size_t i = 0; i < k; i += 4)
    for (size_t lane = 0; lane < PK_PANEL; lane++)
      for (size_t j = 0; j < 4; j++) sums[lane] += x[i + j] * panel[(i / 4 * PK_PANEL + lane) * 4 + j];
}

void gemm_s8s8_scalar(size_t m, size_t k, size_t panel_begin, size_t panel_end, const int8_t *x, size_t ldx,
                      const float *x_scale, const int8_t *w, float *y, size_t ldy, const pk_epilogue *epilogue) {
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    for (size_t row = 0; row < m; row++) {
      int32_t sums[PK_PANEL] = {0};
      sum_s8(k, x + row * ldx, w + panel * k * PK_PANEL, sums);
      float values[PK_PANEL];
      for (size_t lane = 0; lane < PK_PANEL; lane++) values[lane] = (float)sums[lane] * x_scale[row];
      finish(values, row, panel, epilogue, y, ldy);
    }
  }
}

void gemm_u8s8_scalar(size_t m, size_t k, size_t panel_begin, size_t panel_end, const uint8_t *x, size_t ldx,
                      float x_scale, int32_t zero_point, const int8_t *w, const int32_t *w_sum, float *y, size_t ldy,
                      const pk_epilogue *epilogue) {
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    for (size_t row = 0; row < m; row++) {
      int32_t sums[PK_PANEL] = {0};
      sum_u8(k, x + row * ldx, w + panel * k * PK_PANEL, sums);
      float values[PK_PANEL];
      for (size_t lane = 0; lane < PK_PANEL; lane++) {
        /* The stored sum of a damaged bundle may be any number: unsigned, so that the product wraps. */
        const uint32_t offset = (uint32_t)zero_point * (uint32_t)w_sum[panel * PK_PANEL + lane];
        values[lane] = (float)(int32_t)((uint32_t)sums[lane] - offset) * x_scale;
      }
      finish(values, row, panel, epilogue, y, ldy);
    }
  }
}
