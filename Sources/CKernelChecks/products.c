/* Matrix products and attention. */
#include "checks.h"

/* From the high bytes to the low ones of activations of two bytes. */
#define LOW_PLANE (CAPACITY / 2)
/* Attention: two sums and a softmax, of values below 1. */
#define ATTENTION_BOUND 0x1p-18

enum kind { F32, F16, U8S8, U16S8 };

static void multiply(const pk_kernels *k, enum kind kind, const pk_product *p, size_t panels, const pk_quantized_rows *rows,
                     float *y) {
  switch (kind) {
    case F32: k->gemm_f32(p, 0, panels, a, b, y); break;
    case F16: k->gemm_f16(p, 0, panels, a, halves, y); break;
    case U8S8:
    case U16S8: k->gemm_u8s8(p, 0, panels, bytes, rows, weights, y); break;
  }
}

static double weight(enum kind kind, size_t k, size_t output, size_t input) {
  size_t panel = output / PK_PANEL * k, lane = output % PK_PANEL;
  switch (kind) {
    case F32: return b[(panel + input) * PK_PANEL + lane];
    case F16: return pk_f16_to_f32(halves[(panel + input) * PK_PANEL + lane]);
    default: return weights[((panel + input) / 4 * PK_PANEL + lane) * 4 + input % 4];
  }
}

/* Each term is rounded in at most 128 + k/128 additions and once in its product, in each of the two sums. */
static void within_rounding(enum kind kind, const pk_product *p, const float *expected, const float *found) {
  size_t k = p->segments * p->segment_inputs;
  for (size_t row = 0; row < p->line_rows; row++) {
    for (size_t n = 0; n < p->epilogue.output_count; n++) {
      double magnitude = 0;
      for (size_t i = 0; i < k; i++) magnitude += fabs(a[row * p->x_row_stride + i] * weight(kind, k, n, i));
      size_t terms = k < PK_SUM_BLOCK ? k : PK_SUM_BLOCK, at = row * p->y_row_stride + n;
      double bound = 2 * (double)(terms + k / PK_SUM_BLOCK + 2) * 0x1p-24 * magnitude;
      if (!(fabs((double)expected[at] - (double)found[at]) <= bound)) wrong("a sum", at);
    }
  }
}

/* Activations of two bytes need the sums that the weights have: some instruction sets do not read the stored ones. */
static const int32_t *weight_sums(enum kind kind, size_t panels, size_t k) {
  static int32_t real_sums[CAPACITY];
  if (kind != U16S8) return sums;
  for (size_t n = 0; n < panels * PK_PANEL; n++) {
    real_sums[n] = 0;
    for (size_t i = 0; i < k; i++) real_sums[n] += (int32_t)weight(kind, k, n, i);
  }
  return real_sums;
}

/* A scale for each row and, with one byte, a zero point. */
static const pk_quantization *quantizations(enum kind kind) {
  static pk_quantization found[128];
  for (size_t row = 0; row < 128; row++)
    found[row] = (pk_quantization){.scale = c[300 + row], .zero_point = kind == U16S8 ? PK_HIGH_ZERO_POINT : (int32_t)(93 + row * 37) % 256};
  return found;
}

static void product(enum kind kind, size_t m, size_t n, size_t inputs, int options) {
  size_t panels = (n + PK_PANEL - 1) / PK_PANEL, ldy = n + 3;
  pk_product p = {.lines = 1, .line_rows = m, .x_row_stride = inputs + 4, .segments = 1, .segment_inputs = inputs,
                  .y_row_stride = ldy};
  p.epilogue.output_count = n;
  if (options & 1) p.epilogue.scale = c;
  if (options & 2) p.epilogue.bias = c + 100;
  if (options & 4) p.epilogue.residual = c + 200, p.epilogue.residual_row_stride = ldy;
  p.epilogue.activation = (pk_activation)(options >> 3 & 7);
  p.epilogue.relu_last = options >> 6 & 1;
  pk_quantized_rows rows = {.rows = quantizations(kind), .stride = options & 1,
                            .weight_sums = weight_sums(kind, panels, inputs),
                            .low_plane = kind == U16S8 ? LOW_PLANE : 0};
  if (has_scalar_bits) {
    SAME(float, m * ldy, "a product", {
      extra[0] = -0.0f;
      p.epilogue.range = extra;
      multiply(k, kind, &p, panels, &rows, y);
    });
  } else {
    p.epilogue = (pk_epilogue){.output_count = n};
    memset(outputs, 0x5A, sizeof outputs);
    multiply(scalar, kind, &p, panels, &rows, floats_of(0));
    multiply(tested, kind, &p, panels, &rows, floats_of(1));
    within_rounding(kind, &p, floats_of(0), floats_of(1));
  }
  if (kind == F32 || kind == F16) add_to(&found_sums.fused, outputs[1], (m * ldy - 3) * sizeof(float));
}

/* A window of 3 × 3 over four lines of pixels with a border, in lines and segments; a line has `extra_elements`
 * after its pixels. */
static void convolution(enum kind kind, size_t width, size_t bordered, size_t channels, size_t extra_elements) {
  const size_t line = bordered * channels + extra_elements, inputs = 3 * channels;
  const pk_product p = {.lines = 4, .line_rows = width, .x_row_stride = channels, .x_line_stride = line, .segments = 3,
                        .segment_inputs = inputs, .segment_stride = line, .y_row_stride = 20, .y_line_stride = 20 * width,
                        .epilogue = {.output_count = 20}};
  const pk_quantized_rows rows = {.rows = quantizations(kind),
                                  .weight_sums = weight_sums(kind, 2, 3 * inputs),
                                  .low_plane = kind == U16S8 ? LOW_PLANE : 0};
  if (has_scalar_bits) SAME(float, 80 * width, "a convolution", multiply(k, kind, &p, 2, &rows, y));
}

static void products(enum kind kind) {
  static const size_t heights[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 29}, depths[] = {4, 8, 124, 128, 132, 260, 392};
  for (size_t i = 0; i < sizeof heights / sizeof *heights; i++)
    for (size_t j = 0; j < sizeof depths / sizeof *depths; j++)
      product(kind, heights[i], i % 2 ? 33 : 16 + i, depths[j], (int)(next() % 128) % 40);
  static const size_t many_rows[] = {16, 17, 31, 32, 33, 64, 65};
  for (size_t i = 0; i < sizeof many_rows / sizeof *many_rows; i++)
    for (size_t inputs = 60; inputs <= 196; inputs += 68) product(kind, many_rows[i], 20 + i, inputs, (int)i * 5);
  for (int options = 0; options < 40; options++) product(kind, options % 3 ? 7 : 19, 19, 36, options | (options % 2 << 6));
  convolution(kind, 5, 7, 8, 0);
  convolution(kind, 9, 11, 24, 0);
  convolution(kind, 9, 9, 24, 4);
  convolution(kind, 18, 19, 12, 0);
}

void check_gemm_f32(void) { products(F32); }
void check_gemm_f16(void) { products(F16); }

/* The largest bytes of each sign, which saturate 16-bit sums of pairs, in all combinations. */
void check_gemm_u8s8(void) {
  products(U8S8);
  products(U16S8);
  static const uint8_t inputs[] = {0, 1, 127, 128, 255};
  static const int8_t extremes[] = {-128, -127, 0, 127};
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 4; j++) {
      memset(bytes, inputs[i], sizeof bytes);
      memset(weights, extremes[j], sizeof weights);
      product(U8S8, 7, 33, 512, 1);
      product(U16S8, 7, 33, 512, 1);
    }
  fill();
}

void check_add_transposed_f32(void) {
  EACH_WIDTH(n) SAME(float, n, "a sum", (memcpy(y, c, sizeof c), k->add_transposed_f32(n, a, b, y)));
}

void check_add_transposed_s8(void) {
  EACH_WIDTH(n)
  if (n % 4 == 0) SAME(float, n, "a sum", (memcpy(y, c, sizeof c), k->add_transposed_s8(n, a, weights, y)));
}

void check_attention_f32(void) {
  static float scratch[CAPACITY];
  for (int causal = 0; causal < 2; causal++) {
    ptrdiff_t offset = causal ? 0 : PK_ATTEND_ALL;
    for (int side = 0; side < 2; side++)
      (side ? tested : scalar)->attention_f32(30, 30, 40, 0.15f, offset, a, 44, b, 44, c, 44, floats_of(side),
                                              44, scratch);
    const float *expected = floats_of(0), *found = floats_of(1);
    double bound = has_scalar_bits ? 0 : ATTENTION_BOUND;
    add_to(&found_sums.fused, outputs[1], 40 * sizeof(float));
    for (size_t i = 0; i < 30 * 44; i++)
      if (i % 44 < 40 && !(fabs((double)expected[i] - (double)found[i]) <= bound)) wrong("a value", i);
  }
}
