/* Compares every kernel of every instruction set of this processor with scalar, without Swift, so that it also runs
 * under an emulator of another processor. Built from the sources of CKernels (Scripts/check/check-isas.sh).
 *
 * Kernels of PK_SAME_BITS must give the same bytes; so must all kernels of an instruction set that does not fuse. Fused
 * sums may differ by their roundings; a checksum of their bits is printed, which must be equal wherever sums are fused,
 * on any processor. A kernel of the list without a check here does not compile.
 *
 * usage: isas [INSTRUCTION_SET_THAT_MUST_BE_HERE …] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

#define CAPACITY 40000
/* Attention: two sums and a softmax, of values below 1. */
#define ATTENTION_BOUND 0x1p-18

static uint64_t state;
static const pk_kernels *scalar, *tested;
static const char *kernel;
static int mistakes;
static uint64_t checksum; /* of float sums, FNV-1a */

static uint64_t next(void) { /* SplitMix64 */
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static float a[CAPACITY], b[CAPACITY], c[CAPACITY];
static uint8_t bytes[CAPACITY];
static int8_t weights[CAPACITY];
static uint16_t halves[CAPACITY];
static int32_t sums[CAPACITY], ids[16];
static _Alignas(64) uint8_t outputs[2][CAPACITY * sizeof(float)];
static float more[2][16];

/* Floats in [-1, 1) of varied magnitude; FP16 numbers that are finite. */
static void fill(void) {
  for (size_t i = 0; i < CAPACITY; i++) {
    float *const floats[3] = {a, b, c};
    for (size_t f = 0; f < 3; f++) {
      uint64_t r = next();
      floats[f][i] = (float)((int32_t)(r >> 40) - (1 << 23)) * (r % 8 ? 0x1p-23f : 0x1p-29f);
    }
    bytes[i] = (uint8_t)next();
    weights[i] = (int8_t)next();
    halves[i] = (uint16_t)(next() & 0xBBFF);
    sums[i] = (int32_t)(next() % 200001) - 100000;
  }
  for (size_t i = 0; i < 16; i++) ids[i] = (int32_t)(next() % 20);
}

static void wrong(const char *what, size_t at) {
  mistakes++;
  printf("error: %s: %s differs from scalar: %s at %zu\n", tested->name, kernel, what, at);
}

/* Runs a statement in terms of `k` and `y` with both tables and compares `count` outputs, and `more`, bit by bit. */
#define SAME(type, count, what, statement)                                                  \
  do {                                                                                      \
    for (int side = 0; side < 2; side++) {                                                  \
      const pk_kernels *k = side ? tested : scalar;                                         \
      type *y = (type *)(void *)outputs[side];                                              \
      float *extra = more[side];                                                            \
      memset(y, 0x5A, sizeof outputs[side]);                                                \
      memset(extra, 0, sizeof more[side]);                                                  \
      statement;                                                                            \
      (void)extra;                                                                          \
    }                                                                                       \
    if (memcmp(outputs[0], outputs[1], (count) * sizeof(type)) || memcmp(more[0], more[1], sizeof more[0])) \
      wrong(what, count);                                                                   \
  } while (0)

static void add_to_checksum(size_t count) {
  for (size_t i = 0; i < count * sizeof(float); i++) checksum = (checksum ^ outputs[1][i]) * 0x100000001B3u;
}

static const size_t widths[] = {0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 64, 77, 768};
#define EACH_WIDTH(n) for (size_t w_ = 0, n; w_ < sizeof widths / sizeof *widths && (n = widths[w_], 1); w_++)

/* ---- Products. */

enum kind { F32, F16, S8F, U8S8 };

static void multiply(const pk_kernels *k, enum kind kind, const pk_product *p, size_t panels, const pk_quantized_rows *rows,
                     float *y) {
  switch (kind) {
    case F32: k->gemm_f32(p, 0, panels, a, b, y); break;
    case F16: k->gemm_f16(p, 0, panels, a, halves, y); break;
    case S8F: k->gemm_s8f(p, 0, panels, a, weights, y); break;
    case U8S8: k->gemm_u8s8(p, 0, panels, bytes, rows, weights, y); break;
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

/* Each term passes at most 128 + k/128 additions and one rounding of its product, in each of the two sums. */
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
  pk_quantized_rows rows = {.scale = c + 300, .scale_stride = options & 1, .zero_point = 93, .weight_sums = sums};
  if (kind == U8S8 || !tested->fuses) {
    SAME(float, m * ldy, "a product", {
      p.epilogue.range = extra;
      multiply(k, kind, &p, panels, &rows, y);
    });
  } else {
    p.epilogue = (pk_epilogue){.output_count = n};
    memset(outputs, 0x5A, sizeof outputs);
    multiply(scalar, kind, &p, panels, &rows, (float *)(void *)outputs[0]);
    multiply(tested, kind, &p, panels, &rows, (float *)(void *)outputs[1]);
    within_rounding(kind, &p, (float *)(void *)outputs[0], (float *)(void *)outputs[1]);
  }
  if (kind != U8S8) add_to_checksum(m * ldy - 3);
}

static void products(enum kind kind) {
  static const size_t heights[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 29}, depths[] = {4, 8, 124, 128, 132, 260, 392};
  for (size_t i = 0; i < sizeof heights / sizeof *heights; i++)
    for (size_t j = 0; j < sizeof depths / sizeof *depths; j++)
      product(kind, heights[i], i % 2 ? 33 : 16 + i, depths[j], (int)(next() % 128) % 40);
  for (int options = 0; options < 40; options++) product(kind, 7, 19, 36, options | (options % 2 << 6));
  /* A window of 3 × 3 over 4 × 5 pixels of 8 channels with a border of one, in lines and segments. */
  pk_product p = {.lines = 4, .line_rows = 5, .x_row_stride = 8, .x_line_stride = 56, .segments = 3, .segment_inputs = 24,
                  .segment_stride = 56, .y_row_stride = 20, .y_line_stride = 100, .epilogue = {.output_count = 20}};
  pk_quantized_rows rows = {.scale = c, .zero_point = 7, .weight_sums = sums};
  if (kind == U8S8 || !tested->fuses) SAME(float, 400, "a convolution", multiply(k, kind, &p, 2, &rows, y));
}

static void check_gemm_f32(void) { products(F32); }
static void check_gemm_f16(void) { products(F16); }
static void check_gemm_s8f(void) { products(S8F); }

/* The largest bytes of each sign, which saturate 16-bit sums of pairs, in every pairing. */
static void check_gemm_u8s8(void) {
  products(U8S8);
  static const uint8_t inputs[] = {0, 1, 127, 128, 255};
  static const int8_t extremes[] = {-128, -127, 0, 127};
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 4; j++) {
      memset(bytes, inputs[i], sizeof bytes);
      memset(weights, extremes[j], sizeof weights);
      product(U8S8, 7, 33, 512, 1);
    }
  fill();
}

static void check_add_transposed_f32(void) {
  EACH_WIDTH(n) SAME(float, n, "a sum", (memcpy(y, c, sizeof c), k->add_transposed_f32(n, a, b, y)));
}

static void check_add_transposed_s8(void) {
  EACH_WIDTH(n)
  if (n % 4 == 0) SAME(float, n, "a sum", (memcpy(y, c, sizeof c), k->add_transposed_s8(n, a, weights, y)));
}

static void check_attention_f32(void) {
  static float scratch[CAPACITY];
  for (int causal = 0; causal < 2; causal++) {
    ptrdiff_t offset = causal ? 0 : PK_ATTEND_ALL;
    for (int side = 0; side < 2; side++)
      (side ? tested : scalar)->attention_f32(30, 30, 40, 0.15f, offset, a, 44, b, 44, c, 44, (float *)(void *)outputs[side],
                                              44, scratch);
    const float *expected = (float *)(void *)outputs[0], *found = (float *)(void *)outputs[1];
    double bound = tested->fuses ? ATTENTION_BOUND : 0;
    add_to_checksum(40);
    for (size_t i = 0; i < 30 * 44; i++)
      if (i % 44 < 40 && !(fabs((double)expected[i] - (double)found[i]) <= bound)) wrong("a value", i);
  }
}

/* ---- Rows. */

static void check_layernorm_f32(void) {
  EACH_WIDTH(n) SAME(float, 3 * n + 6, "a row", k->layernorm_f32(3, n, a, n + 1, b, c, 1e-5f, y, n + 2));
}

static void check_softmax_f32(void) {
  EACH_WIDTH(n) SAME(float, 3 * n, "a row", {
    for (size_t i = 0; i < 3 * n; i++) y[i] = a[i] * 90;
    k->softmax_f32(3, n, y, n);
  });
}

static void check_l2_normalize_f32(void) {
  EACH_WIDTH(n) SAME(float, 3 * n, "a row", k->l2_normalize_f32(3, n, a, n + 1, y, n));
}

static void check_dot_f32(void) { EACH_WIDTH(n) SAME(float, 1, "a sum", *y = k->dot_f32(n, a, b)); }

static void check_mean_rows_f32(void) {
  EACH_WIDTH(n) SAME(float, n, "a mean", k->mean_rows_f32(5, n, bytes[0] ? b + 7 : b, a, n + 1, y));
}

static void check_absmax_rows_f32(void) { EACH_WIDTH(n) SAME(float, 3, "a row", k->absmax_rows_f32(3, n, a, n + 1, y)); }

static void check_minmax_f32(void) {
  EACH_WIDTH(n) if (n > 0) SAME(float, 2, "a range", k->minmax_f32(n, a, y));
}

static void check_add_f32(void) { EACH_WIDTH(n) SAME(float, n, "a sum", k->add_f32(n, a, b, y)); }

static void check_quantize_rows_u8(void) {
  EACH_WIDTH(n) SAME(uint8_t, 3 * (n + 4), "a byte", k->quantize_rows_u8(3, n, a, n + 1, y, n + 4, extra));
}

static void check_quantize_u8(void) { EACH_WIDTH(n) SAME(uint8_t, n + 4, "a byte", k->quantize_u8(n, a, 131.7f, 101, y)); }

static void check_dequantize_u8(void) {
  EACH_WIDTH(n) SAME(float, n + 4, "a value", k->dequantize_u8(n, bytes, 0.013f, 101, y));
}

/* ---- Tables, patches, pixels. */

static void check_embed_f32(void) { EACH_WIDTH(n) SAME(float, 5 * n, "a row", k->embed_f32(5, n, ids, a, b, y, n)); }
static void check_embed_f16(void) { EACH_WIDTH(n) SAME(float, 5 * n, "a row", k->embed_f16(5, n, ids, halves, b, y, n)); }
static void check_embed_s8(void) { EACH_WIDTH(n) SAME(float, 5 * n, "a row", k->embed_s8(5, n, ids, weights, c, b, y, n)); }

static const pk_patch_grid grid = {.height = 9, .width = 7, .channels = 5, .row_stride = 35, .column_stride = 5,
                                   .channel_stride = 1, .kernel = 3, .step = 2, .padding = 1, .output_width = 4};

static void check_gather_patches_f32(void) {
  SAME(float, 20 * 48, "a patch", k->gather_patches_f32(&grid, 0, 5, a, 0.5f, y, 48));
}

static void check_gather_patches_u8(void) {
  SAME(uint8_t, 20 * 48, "a patch", k->gather_patches_u8(&grid, 0, 5, bytes, 9, y, 48));
}

static void check_average_pixels_f32(void) { EACH_WIDTH(n) SAME(float, n + 4, "a pixel", k->average_pixels_f32(n, a, b, y)); }

/* ---- Element types: every FP16 and BF16 number; FP32 numbers of every exponent, and halfway between FP16 numbers. */

static void every_half(size_t block) {
  for (size_t i = 0; i < 32768; i++) halves[i] = (uint16_t)(block * 32768 + i);
}

static void check_f16_to_f32(void) {
  for (size_t block = 0; block < 2; block++) {
    every_half(block);
    SAME(float, 32768, "a number", k->f16_to_f32(32768, halves, y));
  }
  fill();
  EACH_WIDTH(n) SAME(float, n + 4, "a number", k->f16_to_f32(n, halves, y));
}

static void check_bf16_to_f32(void) {
  for (size_t block = 0; block < 2; block++) {
    every_half(block);
    SAME(float, 32768, "a number", k->bf16_to_f32(32768, halves, y));
  }
  fill();
}

static void every_exponent(void) {
  for (size_t i = 0; i < CAPACITY; i++) {
    uint32_t pattern = i % 4 ? (uint32_t)next() : ((uint32_t)next() & 0xFFFFE000u) | 0x1000u;
    memcpy(&a[i], &pattern, sizeof pattern);
  }
}

static void check_f32_to_f16(void) {
  every_exponent();
  for (size_t first = 0; first + 1000 < CAPACITY; first += 997)
    SAME(uint16_t, 1000, "a number", *extra = (float)k->f32_to_f16(1000 - first % 17, a + first, y));
  fill();
}

static void check_f32_to_bf16(void) {
  every_exponent();
  SAME(uint16_t, CAPACITY, "a number", *extra = (float)k->f32_to_bf16(CAPACITY, a, y));
  fill();
}

/* ---- Writing weights. */

static void check_pack_f32(void) { SAME(float, 3 * 16 * 40, "a panel", k->pack_f32(37, 39, 40, 0, 3, a, 41, y)); }

static void check_pack_f16(void) {
  SAME(uint16_t, 3 * 16 * 40, "a panel", *extra = (float)k->pack_f16(37, 39, 40, 0, 3, a, 41, y));
}

static void check_pack_s8(void) {
  int32_t found[48];
  SAME(int8_t, 3 * 16 * 40, "a panel", {
    k->pack_s8(37, 39, 40, 0, 3, a, 41, c + 1000, y, found);
    for (size_t i = 0; i < 16; i++) extra[i] = (float)found[i];
  });
}

static void check_quantize_weights_s8(void) {
  EACH_WIDTH(n) SAME(int8_t, n + 4, "a weight", k->quantize_weights_s8(n, a, 0.0081f, y));
}

#include "isas_resize.h"

static const struct {
  const char *name;
  void (*run)(void);
} checks[] = {
#define PK_KERNEL(name, agreement, result, parameters) {#name, check_##name},
#include "kernels.def"
#undef PK_KERNEL
};

int main(int count, char **names) {
  scalar = pk_kernels_for(PK_ISA_SCALAR);
  for (int i = 1; i < count; i++)
    if (!pk_kernels_named(names[i], strlen(names[i]))) {
      printf("error: no %s on this processor\n", names[i]);
      return 1;
    }
  for (int isa = 1; isa < PK_ISA_COUNT; isa++) {
    tested = pk_kernels_for((pk_isa)isa);
    if (!tested) continue;
    state = 1;
    checksum = 0xCBF29CE484222325u;
    fill();
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
      kernel = checks[i].name;
      checks[i].run();
    }
    check_resize((pk_isa)isa);
    if (tested->fuses)
      printf("%s: %zu kernels, fused sums %016llx\n", tested->name, sizeof checks / sizeof *checks,
             (unsigned long long)checksum);
    else
      printf("%s: %zu kernels, sums are those of scalar\n", tested->name, sizeof checks / sizeof *checks);
  }
  return mistakes > 0;
}
