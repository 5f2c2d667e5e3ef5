/* Rows, quantization of activations, token embeddings, element types: the definition. */
#include "bits.h"
#include "constants.h"
#include "include/pk_math.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

#define LANES 16

static float fold(float *lanes) {
  for (size_t half = LANES / 2; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; lane++) lanes[lane] = lanes[lane] + lanes[lane + half];
  return lanes[0];
}

static float sum(size_t count, const float *x) {
  float lanes[LANES] = {0};
  for (size_t i = 0; i < count; i++) lanes[i % LANES] = lanes[i % LANES] + x[i];
  return fold(lanes);
}

static float sum_of_squared_differences(size_t count, const float *x, float mean) {
  float lanes[LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    float difference = x[i] - mean;
    lanes[i % LANES] = lanes[i % LANES] + difference * difference;
  }
  return fold(lanes);
}

void layernorm_f32_scalar(size_t m, size_t width, const float *x, size_t ldx, const float *gain, const float *bias,
                          float epsilon, float *y, size_t ldy) {
  for (size_t row = 0; row < m; row++, x += ldx, y += ldy) {
    float mean = sum(width, x) / (float)width;
    float variance = sum_of_squared_differences(width, x, mean) / (float)width;
    float inverse = pk_inverse_deviation(variance, epsilon);
    for (size_t i = 0; i < width; i++) y[i] = ((x[i] - mean) * inverse) * gain[i] + bias[i];
  }
}

void softmax_f32_scalar(size_t m, size_t width, float *x, size_t ldx) {
  if (width == 0) return;
  for (size_t row = 0; row < m; row++, x += ldx) {
    float maximum = x[0];
    for (size_t i = 1; i < width; i++) maximum = x[i] > maximum ? x[i] : maximum;
    for (size_t i = 0; i < width; i++) x[i] = pk_expf(x[i] - maximum);
    float inverse = 1.0f / sum(width, x);
    for (size_t i = 0; i < width; i++) x[i] = x[i] * inverse;
  }
}

void l2_normalize_f32_scalar(size_t m, size_t width, const float *x, size_t ldx, float *y, size_t ldy) {
  for (size_t row = 0; row < m; row++, x += ldx, y += ldy) {
    float norm = pk_sqrtf(dot_f32_scalar(width, x, x));
    for (size_t i = 0; i < width; i++) y[i] = norm == 0 ? 0 : x[i] / norm;
  }
}

float dot_f32_scalar(size_t count, const float *a, const float *b) {
  float lanes[LANES] = {0};
  for (size_t i = 0; i < count; i++) lanes[i % LANES] = lanes[i % LANES] + a[i] * b[i];
  return fold(lanes);
}

void mean_rows_f32_scalar(size_t m, size_t width, const float *weights, const float *x, size_t ldx, float *y) {
  float weight = 0;
  for (size_t row = 0; row < m; row++) weight = weight + weights[row];
  for (size_t i = 0; i < width; i++) {
    float total = 0;
    for (size_t row = 0; row < m; row++) total = total + weights[row] * x[row * ldx + i];
    y[i] = total / weight;
  }
}

void absmax_rows_f32_scalar(size_t m, size_t width, const float *x, size_t ldx, float *y) {
  for (size_t row = 0; row < m; row++) {
    float largest = 0;
    for (size_t i = 0; i < width; i++)
      largest = pk_upper(largest, pk_float(pk_bits(x[row * ldx + i]) & 0x7FFFFFFFu));
    y[row] = largest;
  }
}

void minmax_f32_scalar(size_t count, const float *x, float *range) {
  range[0] = -0.0f;
  range[1] = 0.0f;
  for (size_t i = 0; i < count; i++) {
    range[0] = pk_lower(range[0], x[i]);
    range[1] = pk_upper(range[1], x[i]);
  }
}

void add_f32_scalar(size_t count, const float *a, const float *b, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

void quantize_u8_scalar(size_t count, const float *x, float inverse_scale, int32_t zero_point, uint8_t *q) {
  for (size_t i = 0; i < count; i++)
    q[i] = (uint8_t)pk_clamp(pk_round_to_int(x[i] * inverse_scale) + zero_point, 0, 255);
}

static void store_u16(int32_t v, uint8_t *q, size_t low_plane) {
  v += PK_U16_ZERO_POINT;
  q[0] = (uint8_t)(v >> 8);
  q[low_plane] = (uint8_t)v;
}

__attribute__((noinline)) void quantize_u16_scalar(size_t count, const float *x, float inverse_scale, uint8_t *q,
                                                   size_t low_plane) {
#pragma clang loop vectorize(disable)
  for (size_t i = 0; i < count; i++)
    store_u16(pk_clamp(pk_round_to_int(x[i] * inverse_scale), -PK_U16_LARGEST, PK_U16_LARGEST), q + i, low_plane);
  for (size_t i = count; i % 4 != 0; i++) store_u16(0, q + i, low_plane);
}

void dequantize_u8_scalar(size_t count, const uint8_t *q, float scale, int32_t zero_point, float *x) {
  for (size_t i = 0; i < count; i++) x[i] = (float)(q[i] - zero_point) * scale;
}

float pk_inverse_deviation(float variance, float epsilon) {
  /* If squares overflow a float, the variance is unusable: 1/∞ = 0 would hide it. */
  if (variance == __builtin_inff()) return __builtin_nanf("");
  return 1.0f / pk_sqrtf(variance + epsilon);
}

pk_quantization pk_u8_range(float minimum, float maximum) {
  float low = minimum > 0 ? 0 : minimum;
  float high = maximum < 0 ? 0 : maximum;
  pk_quantization result = {0, 0, 0};
  if (high - low < PK_QUANTIZATION_FLOOR) return result;
  result.scale = (high - low) / 255.0f;
  result.inverse_scale = 1.0f / result.scale;
  result.zero_point = pk_clamp(pk_round_to_int(-low / result.scale), 0, 255);
  return result;
}

pk_quantization pk_u16_range(float minimum, float maximum) {
  float largest = pk_upper(pk_float(pk_bits(minimum) & 0x7FFFFFFFu), pk_float(pk_bits(maximum) & 0x7FFFFFFFu));
  if (largest < PK_QUANTIZATION_FLOOR) return (pk_quantization){0, 0, PK_HIGH_ZERO_POINT};
  return (pk_quantization){largest / PK_U16_LARGEST, PK_U16_LARGEST / largest, PK_HIGH_ZERO_POINT};
}

static void add_position(size_t width, const float *positions, size_t i, float *y) {
  if (positions) add_f32_scalar(width, y, positions + i * width, y);
}

void embed_f32_scalar(size_t count, size_t width, const int32_t *ids, const float *table, const float *positions,
                      float *y, size_t ldy) {
  for (size_t i = 0; i < count; i++, y += ldy) {
    const float *row = table + (size_t)ids[i] * width;
    for (size_t j = 0; j < width; j++) y[j] = row[j];
    add_position(width, positions, i, y);
  }
}

void embed_f16_scalar(size_t count, size_t width, const int32_t *ids, const uint16_t *table, const float *positions,
                      float *y, size_t ldy) {
  for (size_t i = 0; i < count; i++, y += ldy) {
    const uint16_t *row = table + (size_t)ids[i] * width;
    for (size_t j = 0; j < width; j++) y[j] = pk_f16_to_f32(row[j]);
    add_position(width, positions, i, y);
  }
}

void embed_s8_scalar(size_t count, size_t width, const int32_t *ids, const int8_t *table, const float *scale,
                     const float *positions, float *y, size_t ldy) {
  for (size_t i = 0; i < count; i++, y += ldy) {
    const int8_t *row = table + (size_t)ids[i] * width;
    for (size_t j = 0; j < width; j++) y[j] = (float)row[j] * scale[ids[i]];
    add_position(width, positions, i, y);
  }
}

void f16_to_f32_scalar(size_t count, const uint16_t *x, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = pk_f16_to_f32(x[i]);
}
