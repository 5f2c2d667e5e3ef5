/* Products in BF16, compared with the exact products of operands that pk_f32_to_bf16 rounds. */
#include "checks.h"
#include "rounding.h"

enum { MOST_OPERANDS = 150000 };

/* Numbers of every exponent, including infinity, and numbers halfway between BF16 numbers; no NaN. */
static void every_exponent(void) {
  for (size_t i = 0; i < CAPACITY; i++) {
    uint32_t pattern = i % 4 ? (uint32_t)next() : ((uint32_t)next() & 0xFFFF0000u) | 0x8000u;
    if ((pattern & 0x7F800000u) == 0x7F800000u) pattern &= 0xFF800000u;
    memcpy(&a[i], &pattern, sizeof pattern);
  }
}

void check_bf16_round_rows(void) {
  every_exponent();
  EACH_WIDTH(n) {
    const size_t padded = (n + 3) / 4 * 4, ldy = padded + 3;
    uint16_t *expected = (uint16_t *)(void *)outputs[0], *found = (uint16_t *)(void *)outputs[1];
    memset(outputs, 0x5A, sizeof outputs);
    for (size_t row = 0; row < 9; row++)
      for (size_t i = 0; i < padded; i++) expected[row * ldy + i] = i < n ? bf16_rounded(a[row * (n + 1) + i]) : 0;
    tested_bf16->round_rows(9, n, a, n + 1, found, ldy);
    if (memcmp(outputs[0], outputs[1], 10 * ldy * sizeof *found)) wrong("a row", n);
  }
}

/* Within the rounding of FP32 sums, for either order within a pair. */
static void within_rounding(size_t row, size_t output, size_t k, const uint16_t *x, float found) {
  double sum = 0, magnitude = 0;
  for (size_t i = 0; i < k; i++) {
    const uint16_t stored = halves[(output / PK_PANEL * k + i) * PK_PANEL + output % PK_PANEL];
    const double term = (double)pk_bf16_to_f32(x[i]) * (double)pk_bf16_to_f32(bf16_rounded(pk_f16_to_f32(stored)));
    sum += term;
    magnitude += fabs(term);
  }
  if (!(fabs(sum - (double)found) <= (double)(k + 2) * 0x1p-24 * magnitude)) wrong("a sum of row", row);
}

static uint16_t x[MOST_OPERANDS];

static void fill_x(size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = bf16_rounded(a[i % CAPACITY]);
}

static void product(size_t m, size_t n, size_t k) {
  const size_t ldx = k + 4, ldy = n + 3;
  const pk_product p = {.lines = 1, .line_rows = m, .x_row_stride = ldx, .segments = 1, .segment_inputs = k,
                        .y_row_stride = ldy, .epilogue = {.output_count = n}};
  fill_x(m * ldx);
  tested_bf16->gemm(&p, 0, (n + PK_PANEL - 1) / PK_PANEL, x, halves, floats_of(1));
  for (size_t row = 0; row < m; row++)
    for (size_t output = 0; output < n; output++)
      within_rounding(row, output, k, x + row * ldx, floats_of(1)[row * ldy + output]);
}

/* A window of 3 × 3 over four lines of pixels with a border of one, in lines and segments. */
static void convolution(size_t width, size_t channels) {
  enum { LINES = 4, OUTPUTS = 20 };
  static uint16_t window[MOST_OPERANDS / 100];
  const size_t line = (width + 2) * channels, inputs = 3 * channels;
  const pk_product p = {.lines = LINES, .line_rows = width, .x_row_stride = channels, .x_line_stride = line, .segments = 3,
                        .segment_inputs = inputs, .segment_stride = line, .y_row_stride = OUTPUTS,
                        .y_line_stride = OUTPUTS * width, .epilogue = {.output_count = OUTPUTS}};
  fill_x((LINES + 2) * line);
  tested_bf16->gemm(&p, 0, 2, x, halves, floats_of(1));
  for (size_t row = 0; row < LINES * width; row++) {
    for (size_t s = 0; s < 3; s++)
      memcpy(window + s * inputs, x + (row / width + s) * line + row % width * channels, inputs * sizeof *x);
    for (size_t output = 0; output < OUTPUTS; output++)
      within_rounding(row, output, 3 * inputs, window, floats_of(1)[row * OUTPUTS + output]);
  }
}

void check_bf16_gemm(void) {
  static const size_t heights[] = {1, 2, 5, 7, 13, 14, 15, 29}, depths[] = {4, 124, 128, 132, 260, 392};
  for (size_t i = 0; i < sizeof heights / sizeof *heights; i++)
    for (size_t j = 0; j < sizeof depths / sizeof *depths; j++) product(heights[i], i % 2 ? 33 : 16 + i, depths[j]);
  product(280, 33, 100); /* more rows, more inputs, and more of both than a kernel rounds weights for at a time */
  product(33, 20, 1076);
  product(280, 16, 520);
  convolution(5, 8);
  convolution(9, 24);
  convolution(40, 36);
}
