/* The kernels: pure functions over pointers and counts. They do not allocate, read globals or access files.
 *
 * Each instruction set has one table; all tables hold the same functions (kernels.def). `scalar` runs everywhere and
 * gives the same bits on every machine. The others are selected by the features of the processor and the system. */
#ifndef PK_KERNELS_H
#define PK_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "pk_isa.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

/* Outputs in a panel: the unit in which weights are stored and work is divided. */
#define PK_PANEL 16
/* Inputs that are summed before the partial sum is added to the total: keeps the error of long sums close to that of
 * short ones. */
#define PK_SUM_BLOCK 128

/* Zero point of the high byte of activations of two bytes. */
#define PK_HIGH_ZERO_POINT 128

/* Every query of attention attends to every key. */
#define PK_ATTEND_ALL PTRDIFF_MAX

typedef enum pk_activation {
  PK_ACTIVATION_NONE = 0,
  PK_ACTIVATION_QUICK_GELU = 1, /* x · sigmoid(1.702 x), OpenAI's */
  PK_ACTIVATION_GELU_ERF = 2,   /* x · (1 + erf(x / √2)) / 2 */
  PK_ACTIVATION_GELU_TANH = 3,  /* x · (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 */
} pk_activation;

/* The operations on a sum before it is stored, each step rounded to FP32:
 *
 *   v = sum · scale[n] + bias[n];   v = activation(v);   v = v + residual[i, n];   v = relu_last ? relu(v) : v
 *
 * `scale` and `bias` are indexed by output and padded to a multiple of 16, as in the bundle; null means 1 and 0.
 * `residual` (null: none) has its own strides of rows and lines and may be y itself, with y's strides. Outputs n ≥
 * output_count are neither stored nor read from `residual`. `range` (null: none; it starts as {−0, 0}) is widened to
 * contain every value stored: range[0] ≤ v ≤ range[1]. After a NaN, one of the two is NaN and stays so. */
typedef struct pk_epilogue {
  const float *_Nullable scale;
  const float *_Nullable bias;
  const float *_Nullable residual;
  size_t residual_row_stride, residual_line_stride;
  size_t output_count;
  float *_Nullable range;
  pk_activation activation;
  int32_t relu_last;
} pk_epilogue;

/* The layout of the operands of a matrix product y = W·x, in elements.
 *
 * Rows come in `lines` lines of `line_rows` rows: one line for a matrix, one per line of pixels for a convolution, so
 * that an image can have a border between lines. The k inputs of a row come in `segments` runs of `segment_inputs`
 * contiguous elements: one for a matrix, and three for a 3 × 3 window over channels-last pixels, one per line of the
 * window. For int8 weights, segment_inputs must be a multiple of 4. */
typedef struct pk_product {
  size_t lines, line_rows;
  size_t x_row_stride, x_line_stride;
  size_t segments, segment_inputs, segment_stride;
  size_t y_row_stride, y_line_stride;
  pk_epilogue epilogue;
} pk_product;

/* Activations as integers: x = (q − zero_point) · scale, q in [0, 255]. With two bytes, x = (256 · (q − zero_point) +
 * low) · scale, and zero_point is PK_HIGH_ZERO_POINT. */
typedef struct pk_quantization {
  float scale;
  float inverse_scale;
  int32_t zero_point;
} pk_quantization;

/* The rows of a product with int8 weights. Row i has rows[i · stride], rows counted over all lines. With two bytes, the
 * low ones follow the high ones at a distance of `low_plane` bytes. `weight_sums`[n] is the sum of output n's stored
 * weights. */
typedef struct pk_quantized_rows {
  const pk_quantization *rows;
  size_t stride; /* 0: one quantization for all rows */
  const int32_t *weight_sums;
  size_t low_plane; /* 0: one byte per activation */
} pk_quantized_rows;

/* Geometry of a convolution's input, in elements. Pixel (y, x, c) of the image is at y · row_stride + x ·
 * column_stride + c · channel_stride, so that both layouts can be read: channels-last (width · channels, channels, 1)
 * and planar (width, 1, height · width). */
typedef struct pk_patch_grid {
  size_t height, width, channels;
  size_t row_stride, column_stride, channel_stride;
  size_t kernel;       /* side of the square window: 3, or the patch size */
  size_t step;         /* 1, 2, or the patch size */
  size_t padding;      /* 1 for 3 × 3 windows, 0 for patches */
  size_t output_width; /* (width + 2 · padding − kernel) / step + 1 */
} pk_patch_grid;

typedef enum pk_agreement { PK_SAME_BITS = 0, PK_FUSED_SUM = 1 } pk_agreement;

#pragma clang assume_nonnull end

typedef struct pk_kernels {
  pk_isa isa;
  int32_t fuses; /* whether its PK_FUSED_SUM kernels use fused multiply-add; otherwise they have scalar's bits */
  const char *_Nonnull name;
#define PK_KERNEL(name, agreement, result, parameters) result(*name) parameters;
#include "kernels.def"
} pk_kernels;

#pragma clang assume_nonnull begin

/* The table of one instruction set, or null if this machine does not support it. */
const pk_kernels *_Nullable pk_kernels_for(pk_isa isa);
/* The name of an instruction set, supported by this machine or not; empty for an invalid value. */
const char *pk_isa_name(pk_isa isa);
/* The table with this name (`length` bytes, no terminator needed), or null if it is unknown or this machine does not
 * support it. */
const pk_kernels *_Nullable pk_kernels_named(const char *name, size_t length);
/* The best table this machine supports. */
const pk_kernels *pk_kernels_detect(void);
/* Whether this process may use the products of an instruction set that this machine supports. `amx` needs a permission,
 * which this function requests: 0 if Linux refuses, as it does where a thread has a small signal stack. The permission is
 * the process's and its later children's; with it, sigaltstack() fails for stacks that cannot hold the tiles (about 11
 * KB). Tables of other instruction sets, and the other functions of `amx`, need none. */
int pk_permitted(pk_isa isa);

/* Floats of scratch that attention_f32 needs; grows with each argument. */
size_t pk_attention_scratch(size_t query_count, size_t key_count, size_t d);

/* A row distance ≥ k, in elements of `element_bytes`, at which adjacent rows do not compete for the same cache sets
 * (a multiple of 64 bytes but not of 512). Products over many rows are faster with it. */
size_t pk_row_stride(size_t k, size_t element_bytes);

/* One byte per activation in [minimum, maximum]: the range is widened to contain 0, scale = (max − min) / 255, zero_point
 * = round-half-even(−min / scale), inverse_scale = 1 / scale; all zero for a range narrower than 2^-100. If a bound is
 * NaN, the scales are NaN. */
pk_quantization pk_u8_range(float minimum, float maximum);
/* Two bytes, symmetric: scale = max(|min|, |max|) / 32767. */
pk_quantization pk_u16_range(float minimum, float maximum);

/* Scale of an int8 weight row: F32(absmax / 127). */
float pk_s8_scale(float absmax);

/* Unpacks weights: row-major w[n, k] from the panels of the complete matrix. */
void pk_unpack_f32(size_t n, size_t k, size_t k_padded, const float *panels, float *w, size_t ldw);
void pk_unpack_f16(size_t n, size_t k, size_t k_padded, const uint16_t *panels, float *w,
                   size_t ldw);
/* w = q · scale[row]. */
void pk_unpack_s8(size_t n, size_t k, size_t k_padded, const int8_t *panels, const float *scale,
                  float *w, size_t ldw);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
