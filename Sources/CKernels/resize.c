#include "pk_resize.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

/* Fractional bits of a sum: 32 minus 8 for the pixel and 2 for weights that overshoot. */
#define WEIGHT_BITS PK_RESIZE_PILLOW_BITS

/* One axis, with Pillow's terms; lengths are in input samples. */
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

/* The filter's value at each tap before normalization to a sum of 1. */
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

/* Scaled so that rounding a sum at WEIGHT_BITS equals rounding it at `bits`. */
void pk_resize_weights_i32(pk_resize_axis axis, unsigned bits, size_t index, int32_t *weights) {
  const struct geometry geometry = geometry_of(axis);
  const pk_resize_taps taps = pk_resize_taps_of(axis, index);
  const double sum = weight_sum(axis, geometry, index, taps);
  for (size_t k = 0; k < taps.count; k++) {
    const double scaled = raw_weight(axis, geometry, index, taps.first + k) / sum * (1 << bits);
    weights[k] = (int32_t)(scaled < 0 ? -0.5 + scaled : 0.5 + scaled) * (1 << (WEIGHT_BITS - bits));
  }
}

/* For 16-bit weights whose largest is `largest`. */
static unsigned torch_bits_for(double largest) {
  unsigned bits = 0;
  while (bits < WEIGHT_BITS && (int32_t)(0.5 + largest * (1 << (bits + 1))) < 1 << 15) bits++;
  return bits;
}

unsigned pk_resize_torch_bits(pk_resize_axis axis) {
  const struct geometry geometry = geometry_of(axis);
  /* No weight reaches 2, so the number of bits is at least this. For enlarging, the loop ends at the first output
   * whose largest weight is 1 or more. */
  const unsigned least = 14;
  unsigned bits = WEIGHT_BITS;
  double largest = 0.0;
  for (size_t index = 0; index < axis.output && bits > least; index++) {
    const pk_resize_taps taps = pk_resize_taps_of(axis, index);
    const double sum = weight_sum(axis, geometry, index, taps);
    for (size_t k = 0; k < taps.count; k++) {
      const double weight = raw_weight(axis, geometry, index, taps.first + k) / sum;
      if (weight > largest) largest = weight;
    }
    bits = torch_bits_for(largest);
  }
  return bits;
}

size_t pk_resize_row_stride(size_t taps, size_t channels) {
  return (taps * channels + PK_RESIZE_BLOCK - 1) / PK_RESIZE_BLOCK * PK_RESIZE_BLOCK;
}

#define BODY static inline __attribute__((always_inline))

BODY uint8_t rounded(int32_t sum) {
  const int32_t value = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

typedef int32_t i32x8 __attribute__((vector_size(32), aligned(4)));
typedef int32_t i32x4 __attribute__((vector_size(16), aligned(4)));
typedef uint8_t u8x8 __attribute__((vector_size(8), aligned(1)));

/* Separate sums of a block's bytes. */
struct lanes {
  i32x8 third[PK_RESIZE_BLOCK / 8];
};

BODY void add_block(struct lanes *lanes, const uint8_t *bytes, const int32_t *weights) {
  /* Unrolled, so that the sums stay in registers. */
#pragma clang loop unroll(full)
  for (size_t i = 0; i < PK_RESIZE_BLOCK / 8; i++)
    lanes->third[i] += __builtin_convertvector(*(const u8x8 *)(bytes + 8 * i), i32x8) *
                       *(const i32x8 *)(weights + 8 * i);
}

/* Lane j of a block always holds channel j % channels, because a block is a whole number of pixels. */
BODY void fold(const struct lanes *lanes, size_t channels, int32_t *sums) {
  const int32_t *each = (const int32_t *)lanes;
  for (size_t channel = 0; channel < channels; channel++) {
    sums[channel] = 0;
    for (size_t lane = channel; lane < PK_RESIZE_BLOCK; lane += channels) sums[channel] += each[lane];
  }
}

/* The same by halving: 24 lanes to 12, 6 and 3. */
BODY void fold_rgb(const struct lanes *lanes, int32_t *sums) {
  const i32x8 a = lanes->third[0], b = lanes->third[1], c = lanes->third[2];
  const i32x8 twelve = a + __builtin_shufflevector(b, c, 4, 5, 6, 7, 8, 9, 10, 11);
  const i32x4 rest = __builtin_shufflevector(b, b, 0, 1, 2, 3) + __builtin_shufflevector(c, c, 4, 5, 6, 7);
  const i32x8 wide = __builtin_shufflevector(rest, rest, 0, 1, 2, 3, 0, 1, 2, 3);
  const i32x8 six = twelve + __builtin_shufflevector(twelve, wide, 6, 7, 8, 9, 10, 11, 8, 8);
  const i32x4 three = __builtin_shufflevector(six, six, 0, 1, 2, 2) + __builtin_shufflevector(six, six, 3, 4, 5, 5);
  memcpy(sums, &three, sizeof three);
}

/* Reads complete blocks as long as the row has them, because the weights beyond an output's taps are zero. */
BODY void resize_channels(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                          size_t count, size_t channels, uint8_t *output) {
  if (count == 0) return;
  const uint8_t *end = input + (taps[count - 1].first + taps[count - 1].count) * channels;
  for (size_t index = 0; index < count; index++) {
    const uint8_t *bytes = input + taps[index].first * channels, *past = bytes + taps[index].count * channels;
    const int32_t *weight = weights + index * stride;
    struct lanes lanes = {{{0}}};
    for (; bytes < past && end - bytes >= PK_RESIZE_BLOCK; bytes += PK_RESIZE_BLOCK, weight += PK_RESIZE_BLOCK)
      add_block(&lanes, bytes, weight);
    if (bytes < past) {
      /* The row can end here, so the last block is padded in a copy. */
      uint8_t last[PK_RESIZE_BLOCK] = {0};
      memcpy(last, bytes, (size_t)(past - bytes));
      add_block(&lanes, last, weight);
    }
    int32_t sums[4];
    if (channels == 3) {
      fold_rgb(&lanes, sums);
    } else {
      fold(&lanes, channels, sums);
    }
    for (size_t channel = 0; channel < channels; channel++) output[index * channels + channel] = rounded(sums[channel]);
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
  resize_channels(input, taps, weights, stride, count, channels, output);
}

static void column_scalar(const uint8_t *ring, size_t ring_rows, size_t stride, size_t width,
                          pk_resize_taps taps, const int32_t *weights, uint8_t *output) {
  resize_column(ring, ring_rows, stride, width, taps, weights, output);
}

static const pk_resize_kernels scalar_kernels = {
#define PK_RESIZE_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "include/kernels.def"
};

#if defined(__x86_64__)

/* The scalar code compiled for AVX2, so that the compiler vectorizes it. The row kernel does so only for RGB, the common
 * case: there the number of channels is a constant. */
#define AVX2 __attribute__((target("avx2")))

AVX2 static void row_avx2(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                          size_t count, size_t channels, uint8_t *output) {
  if (channels == 3) {
    resize_channels(input, taps, weights, stride, count, 3, output);
  } else {
    row_scalar(input, taps, weights, stride, count, channels, output);
  }
}

AVX2 static void column_avx2(const uint8_t *ring, size_t ring_rows, size_t stride, size_t width,
                             pk_resize_taps taps, const int32_t *weights, uint8_t *output) {
  resize_column(ring, ring_rows, stride, width, taps, weights, output);
}

static const pk_resize_kernels avx2_kernels = {
#define PK_RESIZE_KERNEL(name, agreement, result, parameters) .name = name##_avx2,
#include "include/kernels.def"
};

const pk_resize_kernels *pk_resize_kernels_for(pk_isa isa) {
  switch (isa) {
    case PK_ISA_AVX2:
    case PK_ISA_AVXVNNI:
    case PK_ISA_AVX512VNNI:
    case PK_ISA_AMX: return &avx2_kernels;
    default: return &scalar_kernels;
  }
}

#else

const pk_resize_kernels *pk_resize_kernels_for(pk_isa isa) {
  (void)isa;
  return &scalar_kernels;
}

#endif
