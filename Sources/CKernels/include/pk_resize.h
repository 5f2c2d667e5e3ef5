/* Bit-exact antialiased resampling of 8-bit channels: Pillow's (Resample.c), and PyTorch's two, which torchvision
 * calls.
 *
 * An axis of `input` samples becomes one of `output` samples. Each output is a weighted sum of adjacent inputs.
 * Pillow and PyTorch's 8-bit kernel compute weights in double precision, round them to a number of fractional bits
 * (Pillow to 22, PyTorch to what fits 16-bit integers), add in 32-bit integers, and round and clamp each pass to
 * 0-255. PyTorch's float kernel computes weights and sums in single precision and rounds once, after both passes. The
 * caller decides the order of the passes. Axes are at least 1. */
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

/* The inputs that one output sums: `count` of them from `first` on, all inside the axis. */
typedef struct pk_resize_taps {
  size_t first, count;
} pk_resize_taps;

/* The most taps of any output of the axis. */
size_t pk_resize_max_taps(pk_resize_axis axis);
pk_resize_taps pk_resize_taps_of(pk_resize_axis axis, size_t index);
/* The weights of an output's taps, which sum to 1 (up to the rounding of each), and the same rounded to `bits`
 * fractional bits, times 2^22. */
void pk_resize_weights_f64(pk_resize_axis axis, size_t index, double *weights);
void pk_resize_weights_i32(pk_resize_axis axis, unsigned bits, size_t index, int32_t *weights);

/* Pillow's fractional bits. */
#define PK_RESIZE_PILLOW_BITS 22
/* PyTorch's fractional bits: as many as keep the axis's largest weight below 2^15, at most 22. Evaluates every
 * output. */
unsigned pk_resize_torch_bits(pk_resize_axis axis);

/* Bytes that the row kernel multiplies at a time; a multiple of 1, 2, 3 and 4 channels. */
#define PK_RESIZE_BLOCK 24
/* Weights of one output in the row kernel's layout: one per byte, padded with zeros to complete blocks. */
size_t pk_resize_row_stride(size_t taps, size_t channels);

#pragma clang assume_nonnull end

typedef struct pk_resize_kernels {
#define PK_RESIZE_KERNEL(name, agreement, result, parameters) result(*name) parameters;
#include "kernels.def"
} pk_resize_kernels;

#pragma clang assume_nonnull begin

/* The kernels for a machine that supports `isa`. All give the same bytes. */
const pk_resize_kernels *pk_resize_kernels_for(pk_isa isa);

/* ---- PyTorch's float kernel (upsample_bilinear2d_aa), which only has the triangle filter. */

/* The most taps of any output, also for a shorter input or a longer output. */
size_t pk_resize_float_max_taps(size_t input, size_t output);
pk_resize_taps pk_resize_float_taps_of(size_t input, size_t output, size_t index);
void pk_resize_float_weights(size_t input, size_t output, size_t index, float *weights);

#pragma clang assume_nonnull end

typedef struct pk_resize_float_kernels {
#define PK_RESIZE_FLOAT_KERNEL(name, agreement, result, parameters) result(*name) parameters;
#include "kernels.def"
} pk_resize_float_kernels;

#pragma clang assume_nonnull begin

/* The kernels for a machine that supports `isa`. All give the same bits. */
const pk_resize_float_kernels *pk_resize_float_kernels_for(pk_isa isa);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
