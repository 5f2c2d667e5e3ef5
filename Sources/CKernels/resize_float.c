#include <string.h>

#include "pk_resize.h"

#pragma STDC FP_CONTRACT OFF

/* ---- Weights: in single precision like PyTorch. Casts mark what PyTorch computes in double precision and then
 * rounds. */

struct geometry {
  float scale; /* input samples per output sample */
  float support;
  float inverse; /* one over the scale, when shrinking */
  size_t limit;  /* taps */
};

static struct geometry geometry_of(size_t input, size_t output) {
  const float scale = (float)input / (float)output;
  const float stretch = scale < 1.0f ? 1.0f : scale;
  const size_t whole = (size_t)stretch;
  return (struct geometry){.scale = scale,
                           .support = stretch,
                           .inverse = (float)(1.0 / (double)stretch),
                           .limit = (whole + ((float)whole < stretch)) * 2 + 1};
}

size_t pk_resize_float_max_taps(size_t input, size_t output) {
  const size_t limit = geometry_of(input, output).limit;
  return limit < input ? limit : input;
}

static float center_of(struct geometry geometry, size_t index) {
  return (float)((double)geometry.scale * ((double)index + 0.5));
}

static size_t floor_of(double position) { return position < 0.0 ? 0 : (size_t)position; }

pk_resize_taps pk_resize_float_taps_of(size_t input, size_t output, size_t index) {
  const struct geometry geometry = geometry_of(input, output);
  const float center = center_of(geometry, index), low = center - geometry.support, high = center + geometry.support;
  /* Beyond 2^24 the center is so imprecise that it can be outside the axis. */
  const size_t start = floor_of((double)low + 0.5), first = start < input ? start : input - 1;
  const size_t end = floor_of((double)high + 0.5), past = end < input ? end : input;
  const size_t count = past > first ? past - first : 1;
  return (pk_resize_taps){.first = first, .count = count < geometry.limit ? count : geometry.limit};
}

static float raw_weight(struct geometry geometry, float center, size_t tap) {
  const float distance = (float)tap - center;
  float x = (float)(((double)distance + 0.5) * (double)geometry.inverse);
  if (x < 0.0f) x = -x;
  return x < 1.0f ? (float)(1.0 - (double)x) : 0.0f;
}

void pk_resize_float_weights(size_t input, size_t output, size_t index, float *weights) {
  const struct geometry geometry = geometry_of(input, output);
  const pk_resize_taps taps = pk_resize_float_taps_of(input, output, index);
  const float center = center_of(geometry, index);
  float sum = 0.0f;
  for (size_t k = 0; k < taps.count; k++) sum += weights[k] = raw_weight(geometry, center, taps.first + k);
  if (sum == 0.0f) return;
  for (size_t k = 0; k < taps.count; k++) weights[k] /= sum;
}

/* ---- Sums. */

#define BODY static inline __attribute__((always_inline))

/* x · w + sum, rounded once. Without the FMA instruction, the exact product is added in double precision. If the sum
 * is inexact, its last bit is made odd, so that the second rounding goes in the direction of the exact sum. */
BODY float fused(float x, float w, float sum, int has_fma) {
  if (has_fma) return __builtin_fmaf(x, w, sum);
  const double product = (double)x * (double)w, addend = (double)sum, total = product + addend;
  const double part = total - product;
  const double lost = (product - (total - part)) + (addend - part);
  uint64_t bits;
  memcpy(&bits, &total, sizeof bits);
  if (lost != 0.0 && bits % 2 == 0) bits += (lost > 0.0) == (total > 0.0) ? 1 : UINT64_MAX;
  double odd;
  memcpy(&odd, &bits, sizeof odd);
  return (float)odd;
}

/* The number of taps after the first whose products are rounded before they are added. */
BODY size_t rounded_taps(size_t count) { return (count - 1) / 4 * 4; }

BODY void float_row(const uint8_t *input, const pk_resize_taps *taps, const float *weights, size_t stride, size_t count,
                    size_t channels, float *output, int has_fma) {
  for (size_t index = 0; index < count; index++) {
    const uint8_t *bytes = input + taps[index].first * channels;
    const float *weight = weights + index * stride;
    const size_t rounded = rounded_taps(taps[index].count);
    float sums[4];
    for (size_t c = 0; c < channels; c++) sums[c] = (float)bytes[c] * weight[0];
    size_t k = 1;
    for (; k <= rounded; k++)
      for (size_t c = 0; c < channels; c++) sums[c] += (float)bytes[k * channels + c] * weight[k];
    for (; k < taps[index].count; k++)
      for (size_t c = 0; c < channels; c++)
        sums[c] = fused((float)bytes[k * channels + c], weight[k], sums[c], has_fma);
    for (size_t c = 0; c < channels; c++) output[index * channels + c] = sums[c];
  }
}

BODY uint8_t rounded_byte(float value) {
  /* Adding 1.5 · 2^23 removes the fraction: the low bits are the number, rounded half to even. */
  const float limited = value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value, shifted = limited + 0x1.8p23f;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return (uint8_t)bits;
}

#define COLUMN_BLOCK 32

BODY void column_block(const float *ring, size_t ring_rows, size_t stride, size_t width, pk_resize_taps taps,
                       const float *weights, uint8_t *output, int has_fma) {
  const size_t rounded = rounded_taps(taps.count);
  float sums[COLUMN_BLOCK];
  size_t slot = taps.first % ring_rows;
  for (size_t k = 0; k < taps.count; k++) {
    const float *row = ring + slot * stride;
    slot = slot + 1 == ring_rows ? 0 : slot + 1;
    if (k == 0) {
      for (size_t x = 0; x < width; x++) sums[x] = row[x] * weights[k];
    } else if (k <= rounded) {
      for (size_t x = 0; x < width; x++) sums[x] += row[x] * weights[k];
    } else {
      for (size_t x = 0; x < width; x++) sums[x] = fused(row[x], weights[k], sums[x], has_fma);
    }
  }
  for (size_t x = 0; x < width; x++) output[x] = rounded_byte(sums[x]);
}

BODY void float_column(const float *ring, size_t ring_rows, size_t stride, size_t width, pk_resize_taps taps,
                       const float *weights, uint8_t *output, int has_fma) {
  size_t start = 0;
  for (; start + COLUMN_BLOCK <= width; start += COLUMN_BLOCK)
    column_block(ring + start, ring_rows, stride, COLUMN_BLOCK, taps, weights, output + start, has_fma);
  if (start < width)
    column_block(ring + start, ring_rows, stride, width - start, taps, weights, output + start, has_fma);
}

/* ---- One pair of kernels with the FMA instruction, one without. */

#define KERNELS(name, has_fma, attributes)                                                                            \
  attributes static void row_##name(const uint8_t *input, const pk_resize_taps *taps, const float *weights,          \
                                    size_t stride, size_t count, size_t channels, float *output) {                   \
    float_row(input, taps, weights, stride, count, channels, output, has_fma);                                       \
  }                                                                                                                   \
  attributes static void column_##name(const float *ring, size_t ring_rows, size_t stride, size_t width,             \
                                       pk_resize_taps taps, const float *weights, uint8_t *output) {                 \
    float_column(ring, ring_rows, stride, width, taps, weights, output, has_fma);                                    \
  }

KERNELS(scalar, 0, )

static const pk_resize_float_kernels scalar_kernels = {
#define PK_RESIZE_FLOAT_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "include/kernels.def"
};

#if defined(__x86_64__)

KERNELS(fma, 1, __attribute__((target("avx2,fma"))))

static const pk_resize_float_kernels fma_kernels = {
#define PK_RESIZE_FLOAT_KERNEL(name, agreement, result, parameters) .name = name##_fma,
#include "include/kernels.def"
};

const pk_resize_float_kernels *pk_resize_float_kernels_for(pk_isa isa) {
  switch (isa) {
    case PK_ISA_AVX2:
    case PK_ISA_AVXVNNI:
    case PK_ISA_AVX512VNNI:
    case PK_ISA_AMX: return &fma_kernels;
    default: return &scalar_kernels;
  }
}

#elif defined(__aarch64__)

KERNELS(neon, 1, )

static const pk_resize_float_kernels neon_kernels = {
#define PK_RESIZE_FLOAT_KERNEL(name, agreement, result, parameters) .name = name##_neon,
#include "include/kernels.def"
};

const pk_resize_float_kernels *pk_resize_float_kernels_for(pk_isa isa) {
  return isa == PK_ISA_SCALAR ? &scalar_kernels : &neon_kernels;
}

#else

const pk_resize_float_kernels *pk_resize_float_kernels_for(pk_isa isa) {
  (void)isa;
  return &scalar_kernels;
}

#endif
