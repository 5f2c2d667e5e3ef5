/* Rows, quantization of activations and element types on sixteen lanes. Same bits as scalar_rows.c, which documents
 * each function. Static: the including file adds them to its table. */
#ifndef PK_WIDE_ROWS_H
#define PK_WIDE_ROWS_H

#include "wide.h"

#define whole_groups(count) ((count) / WIDE * WIDE)

INLINE float row_sum(size_t width, const float *x) {
  f32x16 lanes = {0};
  size_t i = 0;
  for (; i < whole_groups(width); i += WIDE) lanes += load(x + i);
  if (i < width) lanes += load_part(x + i, width - i, 0);
  return fold_sum(lanes);
}

INLINE float row_sum_of_squared_differences(size_t width, const float *x, float mean) {
  f32x16 lanes = {0};
  size_t i = 0;
  for (; i < whole_groups(width); i += WIDE) {
    f32x16 difference = load(x + i) - mean;
    lanes += difference * difference;
  }
  if (i < width) {
    f32x16 difference = load_part(x + i, width - i, mean) - mean;
    lanes += difference * difference;
  }
  return fold_sum(lanes);
}

static void layernorm_f32(size_t m, size_t width, const float *x, size_t ldx, const float *gain, const float *bias,
                          float epsilon, float *y, size_t ldy) {
  for (size_t row = 0; row < m; row++, x += ldx, y += ldy) {
    float mean = row_sum(width, x) / (float)width;
    float variance = row_sum_of_squared_differences(width, x, mean) / (float)width;
    float inverse = pk_inverse_deviation(variance, epsilon);
    size_t i = 0;
    for (; i < whole_groups(width); i += WIDE)
      store(y + i, ((load(x + i) - mean) * inverse) * load(gain + i) + load(bias + i));
    for (; i < width; i++) y[i] = ((x[i] - mean) * inverse) * gain[i] + bias[i];
  }
}

INLINE float row_largest(size_t width, const float *x) {
  f32x16 lanes = spread(x[0]);
  size_t i = 0;
  for (; i < whole_groups(width); i += WIDE) lanes = larger(load(x + i), lanes);
  if (i < width) lanes = larger(load_part(x + i, width - i, x[0]), lanes);
  return fold_largest(lanes);
}

static void softmax_f32(size_t m, size_t width, float *x, size_t ldx) {
  if (width == 0) return;
  for (size_t row = 0; row < m; row++, x += ldx) {
    float maximum = row_largest(width, x);
    f32x16 lanes = {0};
    size_t i = 0;
    for (; i < width; i += WIDE) {
      const size_t count = width - i;
      f32x16 v = count < WIDE ? load_part(x + i, count, -__builtin_inff()) : load(x + i);
      v = exponential_or_zero(v - maximum);
      if (count < WIDE)
        store_part(x + i, v, count);
      else
        store(x + i, v);
      lanes += v;
    }
    float inverse = 1.0f / fold_sum(lanes);
    for (i = 0; i < whole_groups(width); i += WIDE) store(x + i, load(x + i) * inverse);
    for (; i < width; i++) x[i] = x[i] * inverse;
  }
}

static float dot_f32(size_t count, const float *a, const float *b) {
  f32x16 lanes = {0};
  size_t i = 0;
  for (; i < whole_groups(count); i += WIDE) lanes += load(a + i) * load(b + i);
  if (i < count) lanes += load_part(a + i, count - i, 0) * load_part(b + i, count - i, 0);
  return fold_sum(lanes);
}

static void l2_normalize_f32(size_t m, size_t width, const float *x, size_t ldx, float *y, size_t ldy) {
  for (size_t row = 0; row < m; row++, x += ldx, y += ldy) {
    float norm = __builtin_elementwise_sqrt(dot_f32(width, x, x));
    for (size_t i = 0; i < width; i++) y[i] = norm == 0 ? 0 : x[i] / norm;
  }
}

static void mean_rows_f32(size_t m, size_t width, const float *weights, const float *x, size_t ldx, float *y) {
  float weight = 0;
  for (size_t row = 0; row < m; row++) weight += weights[row];
  size_t i = 0;
  for (; i < whole_groups(width); i += WIDE) {
    f32x16 total = {0};
    for (size_t row = 0; row < m; row++) total += load(x + row * ldx + i) * weights[row];
    store(y + i, total / weight);
  }
  for (; i < width; i++) {
    float total = 0;
    for (size_t row = 0; row < m; row++) total = total + weights[row] * x[row * ldx + i];
    y[i] = total / weight;
  }
}

static void add_transposed_f32(size_t k, const float *x, const float *panel, float *y) {
  const f32x16 factors = load(x);
  for (size_t i = 0; i < k; i++, panel += PK_PANEL) y[i] += fold_sum(factors * load(panel));
}

/* Sixteen bytes of a panel are four inputs of four outputs. */
static void add_transposed_s8(size_t k, const float *x, const int8_t *panel, float *y) {
  f32x16 factors[4];
  for (size_t n = 0; n < PK_PANEL * 4; n++) factors[n / WIDE][n % WIDE] = x[n / 4];
  for (size_t i = 0; i < k; i += 4, panel += PK_PANEL * 4) {
    f32x16 sum = {0};
    __builtin_prefetch(panel + 2048);
    for (size_t four = 0; four < 4; four++)
      sum += factors[four] * __builtin_convertvector(*(const i8x16 *)(panel + four * WIDE), f32x16);
    f32x8 half = __builtin_shufflevector(sum, sum, 0, 1, 2, 3, 4, 5, 6, 7) +
                 __builtin_shufflevector(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15);
    *(f32x4 *)(y + i) +=
        __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
  }
}

static void minmax_f32(size_t count, const float *x, float *range) {
  f32x16 low = spread(-0.0f), high = spread(0);
  size_t i = 0;
  for (; i < whole_groups(count); i += WIDE) {
    f32x16 v = load(x + i);
    low = lower(low, v);
    high = upper(high, v);
  }
  if (i < count) {
    f32x16 v = load_part(x + i, count - i, 0);
    low = lower(low, v);
    high = upper(high, v);
  }
  range[0] = fold_lower(low);
  range[1] = fold_upper(high);
}

static void add_f32(size_t count, const float *a, const float *b, float *y) {
  size_t i = 0;
  for (; i < whole_groups(count); i += WIDE) store(y + i, load(a + i) + load(b + i));
  for (; i < count; i++) y[i] = a[i] + b[i];
}

INLINE void store_s8(int8_t *q, i32x16 v) { *(i8x16 *)q = __builtin_convertvector(v, i8x16); }
INLINE void store_u8(uint8_t *q, i32x16 v) { *(u8x16 *)q = __builtin_convertvector(v, u8x16); }

static void quantize_u8(size_t count, const float *x, float inverse_scale, int32_t zero_point, uint8_t *q) {
  size_t i = 0;
  for (; i < whole_groups(count); i += WIDE) {
    __builtin_prefetch(x + i + 512);
    store_u8(q + i, clamp(round_to_int(load(x + i) * inverse_scale) + zero_point, 0, 255));
  }
  for (; i < count; i++) q[i] = (uint8_t)pk_clamp(pk_round_to_int(x[i] * inverse_scale) + zero_point, 0, 255);
}

static void quantize_u16(size_t count, const float *x, float inverse_scale, uint8_t *q, size_t low_plane) {
  size_t i = 0;
  for (; i < whole_groups(count); i += WIDE) {
    i32x16 v = clamp(round_to_int(load(x + i) * inverse_scale), -PK_U16_LARGEST, PK_U16_LARGEST) + PK_U16_ZERO_POINT;
    store_u8(q + i, v >> 8);
    store_u8(q + low_plane + i, v);
  }
  quantize_u16_scalar(count - i, x + i, inverse_scale, q + i, low_plane);
}

static void dequantize_u8(size_t count, const uint8_t *q, float scale, int32_t zero_point, float *x) {
  size_t i = 0;
  for (; i < whole_groups(count); i += WIDE) {
    i32x16 v = __builtin_convertvector(*(const u8x16 *)(q + i), i32x16) - zero_point;
    store(x + i, __builtin_convertvector(v, f32x16) * scale);
  }
#pragma clang loop vectorize(disable)
  for (; i < count; i++) x[i] = (float)(q[i] - zero_point) * scale;
}

static void average_pixels_f32(size_t channels, const float *top, const float *bottom, float *y) {
  size_t c = 0;
  for (; c < whole_groups(channels); c += WIDE)
    store(y + c, ((load(top + c) + load(top + channels + c)) + (load(bottom + c) + load(bottom + channels + c))) * 0.25f);
#pragma clang loop vectorize(disable)
  for (; c < channels; c++) y[c] = ((top[c] + top[channels + c]) + (bottom[c] + bottom[channels + c])) * 0.25f;
}

/* The processor's conversions equal the scalar ones for every bit pattern. */
typedef _Float16 f16x8 __attribute__((vector_size(16), aligned(2)));
typedef int32_t i32x8 __attribute__((vector_size(32), aligned(4)));

static void f16_to_f32(size_t count, const uint16_t *x, float *y) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    *(f32x8 *)(y + i) = __builtin_convertvector(*(const f16x8 *)(const void *)(x + i), f32x8);
  f16_to_f32_scalar(count - i, x + i, y + i);
}

static void embed_f16(size_t count, size_t width, const int32_t *ids, const uint16_t *table, const float *positions,
                      float *y, size_t ldy) {
  for (size_t i = 0; i < count; i++) {
    f16_to_f32(width, table + (size_t)ids[i] * width, y + i * ldy);
    if (positions) add_f32(width, y + i * ldy, positions + i * width, y + i * ldy);
  }
}

#endif
