#include "pk_resize.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

/* Fractional bits of a weight: 32 less 8 for the pixel and 2 for weights that overshoot. */
#define WEIGHT_BITS 22

/* One axis in Pillow's terms; lengths are in input samples. */
struct geometry {
  double scale;   /* input samples per output sample */
  double support; /* half the filter's width: stretched by the scale when shrinking */
  double inverse; /* one over that stretch */
};

static struct geometry geometry_of(pk_resize_axis axis) {
  struct geometry geometry;
  geometry.scale = (double)axis.input / (double)axis.output;
  const double stretch = geometry.scale < 1.0 ? 1.0 : geometry.scale;
  geometry.support = (axis.filter == PK_RESIZE_BICUBIC ? 2.0 : 1.0) * stretch;
  geometry.inverse = 1.0 / stretch;
  return geometry;
}

static double filter_at(pk_resize_filter filter, double x) {
  const double a = -0.5;
  if (x < 0.0) x = -x;
  if (filter == PK_RESIZE_BILINEAR) return x < 1.0 ? 1.0 - x : 0.0;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

size_t pk_resize_max_taps(pk_resize_axis axis) {
  const size_t limit = (size_t)geometry_of(axis).support * 2 + 3;
  return limit < axis.input ? limit : axis.input;
}

pk_resize_taps pk_resize_taps_of(pk_resize_axis axis, size_t index) {
  const struct geometry geometry = geometry_of(axis);
  const double center = ((double)index + 0.5) * geometry.scale;
  const double low = center - geometry.support + 0.5;
  const size_t first = low < 0.0 ? 0 : (size_t)low;
  const size_t past = (size_t)(center + geometry.support + 0.5);
  return (pk_resize_taps){.first = first, .count = (past < axis.input ? past : axis.input) - first};
}

/* The filter's value at each tap before they are made to sum to 1. */
static double raw_weight(pk_resize_axis axis, struct geometry geometry, size_t index, size_t tap) {
  const double center = ((double)index + 0.5) * geometry.scale;
  return filter_at(axis.filter, ((double)tap - center + 0.5) * geometry.inverse);
}

static double weight_sum(pk_resize_axis axis, struct geometry geometry, size_t index, pk_resize_taps taps) {
  double sum = 0.0;
  for (size_t k = 0; k < taps.count; k++) sum += raw_weight(axis, geometry, index, taps.first + k);
  return sum != 0.0 ? sum : 1.0;
}

void pk_resize_weights_f64(pk_resize_axis axis, size_t index, double *weights) {
  const struct geometry geometry = geometry_of(axis);
  const pk_resize_taps taps = pk_resize_taps_of(axis, index);
  const double sum = weight_sum(axis, geometry, index, taps);
  for (size_t k = 0; k < taps.count; k++) {
    weights[k] = raw_weight(axis, geometry, index, taps.first + k) / sum;
  }
}

void pk_resize_weights_i32(pk_resize_axis axis, size_t index, int32_t *weights) {
  const struct geometry geometry = geometry_of(axis);
  const pk_resize_taps taps = pk_resize_taps_of(axis, index);
  const double sum = weight_sum(axis, geometry, index, taps);
  for (size_t k = 0; k < taps.count; k++) {
    const double scaled = raw_weight(axis, geometry, index, taps.first + k) / sum * (1 << WEIGHT_BITS);
    weights[k] = (int32_t)(scaled < 0 ? -0.5 + scaled : 0.5 + scaled);
  }
}

size_t pk_resize_row_stride(size_t taps, size_t channels) {
  return (taps * channels + PK_RESIZE_BLOCK - 1) / PK_RESIZE_BLOCK * PK_RESIZE_BLOCK;
}

#define BODY static inline __attribute__((always_inline))

BODY uint8_t rounded(int32_t sum) {
  const int32_t value = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

BODY void add_block(int32_t *restrict lanes, const uint8_t *restrict bytes, const int32_t *restrict weights) {
  for (size_t lane = 0; lane < PK_RESIZE_BLOCK; lane++) lanes[lane] += (int32_t)bytes[lane] * weights[lane];
}

/* Lane j of a block always holds channel j % channels, since a block is a whole number of pixels. */
BODY void resize_channels(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                          size_t count, size_t channels, uint8_t *output) {
  for (size_t index = 0; index < count; index++) {
    const uint8_t *bytes = input + taps[index].first * channels;
    const int32_t *weight = weights + index * stride;
    size_t left = taps[index].count * channels;
    int32_t lanes[PK_RESIZE_BLOCK] = {0};
    for (; left >= PK_RESIZE_BLOCK; left -= PK_RESIZE_BLOCK) {
      add_block(lanes, bytes, weight);
      bytes += PK_RESIZE_BLOCK;
      weight += PK_RESIZE_BLOCK;
    }
    if (left > 0) {
      /* The row may end here: the last block is completed in a copy. */
      uint8_t last[PK_RESIZE_BLOCK] = {0};
      memcpy(last, bytes, left);
      add_block(lanes, last, weight);
    }
    for (size_t channel = 0; channel < channels; channel++) {
      int32_t sum = 0;
      for (size_t lane = channel; lane < PK_RESIZE_BLOCK; lane += channels) sum += lanes[lane];
      output[index * channels + channel] = rounded(sum);
    }
  }
}

/* RGB, the common case, is compiled with its channel count as a constant. */
BODY void resize_row(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                     size_t count, size_t channels, uint8_t *output) {
  if (channels == 3) {
    resize_channels(input, taps, weights, stride, count, 3, output);
  } else {
    resize_channels(input, taps, weights, stride, count, channels, output);
  }
}

#define COLUMN_BLOCK 32

BODY void resize_column(const uint8_t *ring, size_t ring_rows, size_t stride, size_t width,
                        pk_resize_taps taps, const int32_t *weights, uint8_t *output) {
  for (size_t start = 0; start < width; start += COLUMN_BLOCK) {
    int32_t sums[COLUMN_BLOCK] = {0};
    const size_t left = width - start < COLUMN_BLOCK ? width - start : COLUMN_BLOCK;
    size_t slot = taps.first % ring_rows;
    for (size_t k = 0; k < taps.count; k++) {
      const uint8_t *row = ring + slot * stride + start;
      slot = slot + 1 == ring_rows ? 0 : slot + 1;
      if (left == COLUMN_BLOCK) {
        for (size_t x = 0; x < COLUMN_BLOCK; x++) sums[x] += (int32_t)row[x] * weights[k];
      } else {
        for (size_t x = 0; x < left; x++) sums[x] += (int32_t)row[x] * weights[k];
      }
    }
    for (size_t x = 0; x < left; x++) output[start + x] = rounded(sums[x]);
  }
}

static void row_scalar(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                       size_t count, size_t channels, uint8_t *output) {
  resize_row(input, taps, weights, stride, count, channels, output);
}

static void column_scalar(const uint8_t *ring, size_t ring_rows, size_t stride, size_t width,
                          pk_resize_taps taps, const int32_t *weights, uint8_t *output) {
  resize_column(ring, ring_rows, stride, width, taps, weights, output);
}

static const pk_resize_kernels scalar_kernels = {.row = row_scalar, .column = column_scalar};

#if defined(__x86_64__)

/* The same bodies: the compiler widens them. */
#define AVX2 __attribute__((target("avx2")))

AVX2 static void row_avx2(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                          size_t count, size_t channels, uint8_t *output) {
  resize_row(input, taps, weights, stride, count, channels, output);
}

AVX2 static void column_avx2(const uint8_t *ring, size_t ring_rows, size_t stride, size_t width,
                             pk_resize_taps taps, const int32_t *weights, uint8_t *output) {
  resize_column(ring, ring_rows, stride, width, taps, weights, output);
}

static const pk_resize_kernels avx2_kernels = {.row = row_avx2, .column = column_avx2};

const pk_resize_kernels *pk_resize_kernels_for(pk_isa isa) {
  switch (isa) {
    case PK_ISA_AVX2:
    case PK_ISA_AVXVNNI:
    case PK_ISA_AVX512VNNI: return &avx2_kernels;
    default: return &scalar_kernels;
  }
}

#else

const pk_resize_kernels *pk_resize_kernels_for(pk_isa isa) {
  (void)isa;
  return &scalar_kernels;
}

#endif
