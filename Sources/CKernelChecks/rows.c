/* Rows, tables, patches, element types, and writing weights. */
#include "checks.h"

/* ---- Rows. */

void check_layernorm_f32(void) {
  EACH_WIDTH(n) SAME(float, 3 * n + 6, "a row", k->layernorm_f32(3, n, a, n + 1, b, c, 1e-5f, y, n + 2));
}

void check_softmax_f32(void) {
  EACH_WIDTH(n) SAME(float, 3 * n, "a row", {
    for (size_t i = 0; i < 3 * n; i++) y[i] = a[i] * 90;
    k->softmax_f32(3, n, y, n);
  });
}

void check_l2_normalize_f32(void) {
  EACH_WIDTH(n) SAME(float, 3 * n, "a row", k->l2_normalize_f32(3, n, a, n + 1, y, n));
}

void check_dot_f32(void) { EACH_WIDTH(n) SAME(float, 1, "a sum", *y = k->dot_f32(n, a, b)); }

void check_mean_rows_f32(void) {
  EACH_WIDTH(n) SAME(float, n, "a mean", k->mean_rows_f32(5, n, bytes[0] ? b + 7 : b, a, n + 1, y));
}

void check_absmax_rows_f32(void) { EACH_WIDTH(n) SAME(float, 3, "a row", writing->absmax_rows_f32(3, n, a, n + 1, y)); }

void check_minmax_f32(void) {
  EACH_WIDTH(n) if (n > 0) SAME(float, 2, "a range", k->minmax_f32(n, a, y));
}

void check_add_f32(void) { EACH_WIDTH(n) SAME(float, n, "a sum", k->add_f32(n, a, b, y)); }

void check_quantize_u8(void) { EACH_WIDTH(n) SAME(uint8_t, n + 4, "a byte", k->quantize_u8(n, a, 131.7f, 101, y)); }

void check_quantize_u16(void) {
  EACH_WIDTH(n) SAME(uint8_t, 2 * (n + 4), "a byte", k->quantize_u16(n, a, 40000, y, n + 4));
}

void check_dequantize_u8(void) {
  EACH_WIDTH(n) SAME(float, n + 4, "a value", k->dequantize_u8(n, bytes, 0.013f, 101, y));
}

/* ---- Tables, patches, pixels. */

void check_embed_f32(void) { EACH_WIDTH(n) SAME(float, 5 * n, "a row", k->embed_f32(5, n, ids, a, b, y, n)); }
void check_embed_f16(void) { EACH_WIDTH(n) SAME(float, 5 * n, "a row", k->embed_f16(5, n, ids, halves, b, y, n)); }
void check_embed_s8(void) { EACH_WIDTH(n) SAME(float, 5 * n, "a row", k->embed_s8(5, n, ids, weights, c, b, y, n)); }

static const pk_patch_grid grid = {.height = 9, .width = 7, .channels = 5, .row_stride = 35, .column_stride = 5,
                                   .channel_stride = 1, .kernel = 3, .step = 2, .padding = 1, .output_width = 4};

void check_gather_patches_f32(void) {
  SAME(float, 20 * 48, "a patch", k->gather_patches_f32(&grid, 0, 5, a, 0.5f, y, 48));
}

void check_gather_patches_u8(void) {
  SAME(uint8_t, 20 * 48, "a patch", k->gather_patches_u8(&grid, 0, 5, bytes, 9, y, 48));
}

void check_average_pixels_f32(void) { EACH_WIDTH(n) SAME(float, n + 4, "a pixel", k->average_pixels_f32(n, a, b, y)); }

/* ---- Element types: every FP16 number; FP32 numbers of every exponent, and halfway between FP16 numbers. */

static void every_half(size_t block) {
  for (size_t i = 0; i < 32768; i++) halves[i] = (uint16_t)(block * 32768 + i);
}

void check_f16_to_f32(void) {
  for (size_t block = 0; block < 2; block++) {
    every_half(block);
    SAME(float, 32768, "a number", k->f16_to_f32(32768, halves, y));
  }
  fill();
  EACH_WIDTH(n) SAME(float, n + 4, "a number", k->f16_to_f32(n, halves, y));
}

static void every_exponent(void) {
  for (size_t i = 0; i < CAPACITY; i++) {
    uint32_t pattern = i % 4 ? (uint32_t)next() : ((uint32_t)next() & 0xFFFFE000u) | 0x1000u;
    memcpy(&a[i], &pattern, sizeof pattern);
  }
}

void check_f32_to_f16(void) {
  every_exponent();
  for (size_t first = 0; first + 1000 < CAPACITY; first += 997)
    SAME(uint16_t, 1000, "a number", *extra = (float)writing->f32_to_f16(1000 - first % 17, a + first, y));
  fill();
}

/* ---- Writing weights. */

void check_pack_f32(void) { SAME(float, 3 * 16 * 40, "a panel", k->pack_f32(37, 39, 40, 0, 3, a, 41, y)); }

void check_pack_f16(void) {
  SAME(uint16_t, 3 * 16 * 40, "a panel", *extra = (float)writing->pack_f16(37, 39, 40, 0, 3, a, 41, y));
}

void check_pack_s8(void) {
  int32_t found[48];
  SAME(int8_t, 3 * 16 * 40, "a panel", {
    writing->pack_s8(37, 39, 40, 0, 3, a, 41, c + 1000, y, found);
    for (size_t i = 0; i < 16; i++) extra[i] = (float)found[i];
  });
}

void check_quantize_weights_s8(void) {
  EACH_WIDTH(n) SAME(int8_t, n + 4, "a weight", writing->quantize_weights_s8(n, a, 0.0081f, y));
}
