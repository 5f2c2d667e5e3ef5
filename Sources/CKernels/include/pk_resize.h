/* Pillow's 8-bit antialiased resampling (Resample.c), to the bit.
 *
 * An axis of `input` samples becomes one of `output` samples. Each output is a weighted sum of neighbouring inputs;
 * weights are computed in double precision and rounded to 22 fractional bits, sums are 32-bit integers, results are
 * rounded and clamped to 0-255. Each pass gives 8 bits; which one goes first is the caller's. Axes are at least 1. */
#ifndef PK_RESIZE_H
#define PK_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "pk_kernels.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

typedef enum pk_resize_filter {
  PK_RESIZE_BILINEAR = 0, /* triangle of support 1 */
  PK_RESIZE_BICUBIC = 1,  /* Keys' kernel with a = -0.5, support 2 */
} pk_resize_filter;

typedef struct pk_resize_axis {
  size_t input, output;
  pk_resize_filter filter;
} pk_resize_axis;

/* The inputs that one output sums: `count` of them from `first` on, all of them inside the axis. */
typedef struct pk_resize_taps {
  size_t first, count;
} pk_resize_taps;

/* No output of the axis has more taps than this. */
size_t pk_resize_max_taps(pk_resize_axis axis);
pk_resize_taps pk_resize_taps_of(pk_resize_axis axis, size_t index);
/* The weights of an output's taps, which sum to 1 (rounded each), and the same times 2^22 as integers. */
void pk_resize_weights_f64(pk_resize_axis axis, size_t index, double *weights);
void pk_resize_weights_i32(pk_resize_axis axis, size_t index, int32_t *weights);

/* Bytes that the row kernel multiplies at a time; a multiple of 1, 2, 3 and 4 channels. */
#define PK_RESIZE_BLOCK 24
/* Weights of one output in the row kernel's layout: one per byte, filled up with zeros to whole blocks. */
size_t pk_resize_row_stride(size_t taps, size_t channels);

/* One picture row of interleaved channels (1 to 4) becomes `count` resampled pixels. Output i sums the taps[i]
 * pixels with the weights from i * stride on, each weight repeated for every channel. */
typedef void pk_resize_row(const uint8_t *input, const pk_resize_taps *taps, const int32_t *weights, size_t stride,
                           size_t count, size_t channels, uint8_t *output);

/* The weighted sum of `taps.count` rows of `width` bytes. Rows lie in a ring of `ring_rows` (a whole picture is one
 * too): row y starts at ring + (y % ring_rows) * stride. */
typedef void pk_resize_column(const uint8_t *ring, size_t ring_rows, size_t stride, size_t width,
                              pk_resize_taps taps, const int32_t *weights, uint8_t *output);

typedef struct pk_resize_kernels {
  pk_resize_row *row;
  pk_resize_column *column;
} pk_resize_kernels;

/* The kernels for a machine that supports `isa`. All give the same bytes. */
const pk_resize_kernels *pk_resize_kernels_for(pk_isa isa);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
