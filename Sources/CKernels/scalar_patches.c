/* Patches of convolutions: copies only, so every instruction set uses this code. And average pooling, the
 * definition. */
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* Input coordinate of window position `offset` of output `output`; -1 outside [0, size). */
static ptrdiff_t input_coordinate(size_t output, size_t offset, const pk_patch_grid *grid, size_t size) {
  size_t padded = output * grid->step + offset;
  if (padded < grid->padding || padded - grid->padding >= size) return -1;
  return (ptrdiff_t)(padded - grid->padding);
}

/* Copies one input of the windows of a line of outputs, from a plane of pixels, with few instructions per input.
 * `bytes` is the element's size, a constant. */
static inline __attribute__((always_inline)) void gather_input(const pk_patch_grid *grid, size_t kx, const uint8_t *line,
                                                               const void *fill, uint8_t *input, size_t stride,
                                                               size_t bytes) {
  /* Local copies, because the compiler must assume that a store of bytes changes what pointers point to. */
  const size_t outputs = grid->output_width, step = grid->step, column = grid->column_stride * bytes;
  size_t begin = kx < grid->padding ? (grid->padding - kx + step - 1) / step : 0;
  size_t end = (grid->width + grid->padding - kx + step - 1) / step, i = 0;
  if (end > outputs) end = outputs;
  if (!line) begin = end = outputs;
  for (; i < begin; i++, input += stride) memcpy(input, fill, bytes);
  if (i < end) {
    const uint8_t *x = line + (begin * step + kx - grid->padding) * column;
    for (; i < end; i++, input += stride, x += step * column) memcpy(input, x, bytes);
  }
  for (; i < outputs; i++, input += stride) memcpy(input, fill, bytes);
}

static inline __attribute__((always_inline)) void gather(const pk_patch_grid *grid, size_t row_begin, size_t row_end,
                                                         const void *x, const void *fill, void *patches,
                                                         size_t ldpatches, size_t bytes) {
  uint8_t *first = patches;
  size_t count = grid->kernel * grid->kernel * grid->channels, stride = ldpatches * bytes;
  for (size_t row = row_begin; row < row_end; row++, first += grid->output_width * stride) {
    for (size_t i = 0; i < (count + 3) / 4 * 4; i++) {
      size_t channel = i % grid->channels, kx = i / grid->channels % grid->kernel;
      size_t ky = i / grid->channels / grid->kernel;
      ptrdiff_t y = i < count ? input_coordinate(row, ky, grid, grid->height) : -1;
      const uint8_t *line = NULL;
      if (y >= 0) line = (const uint8_t *)x + ((size_t)y * grid->row_stride + channel * grid->channel_stride) * bytes;
      gather_input(grid, kx, line, fill, first + i * bytes, stride, bytes);
    }
  }
}

/* Whether no window of the output rows before `row_end` reaches beyond the image. */
static int is_inside(const pk_patch_grid *grid, size_t row_end) {
  return grid->padding == 0 && row_end > 0 && (row_end - 1) * grid->step + grid->kernel <= grid->height &&
         grid->output_width > 0 && (grid->output_width - 1) * grid->step + grid->kernel <= grid->width;
}

/* Patches within the image, one after the other: for patch embeddings, whose patches are long. */
static void gather_inside(const pk_patch_grid *grid, size_t row_begin, size_t row_end, const float *x, float fill,
                          float *patches, size_t ldpatches) {
  for (size_t row = row_begin; row < row_end; row++)
    for (size_t i = 0; i < grid->output_width; i++, patches += ldpatches) {
      float *to = patches;
      for (size_t ky = 0; ky < grid->kernel; ky++) {
        const float *pixel = x + (row * grid->step + ky) * grid->row_stride + i * grid->step * grid->column_stride;
        for (size_t kx = 0; kx < grid->kernel; kx++, pixel += grid->column_stride)
          for (size_t c = 0; c < grid->channels; c++) *to++ = pixel[c * grid->channel_stride];
      }
      while ((to - patches) % 4 != 0) *to++ = fill;
    }
}

void gather_patches_f32_scalar(const pk_patch_grid *grid, size_t row_begin, size_t row_end, const float *x, float fill,
                               float *patches, size_t ldpatches) {
  if (is_inside(grid, row_end)) {
    gather_inside(grid, row_begin, row_end, x, fill, patches, ldpatches);
    return;
  }
  gather(grid, row_begin, row_end, x, &fill, patches, ldpatches, sizeof *x);
}

void gather_patches_u8_scalar(const pk_patch_grid *grid, size_t row_begin, size_t row_end, const uint8_t *x,
                              uint8_t fill, uint8_t *patches, size_t ldpatches) {
  gather(grid, row_begin, row_end, x, &fill, patches, ldpatches, sizeof *x);
}

void average_pixels_f32_scalar(size_t channels, const float *top, const float *bottom, float *y) {
  for (size_t c = 0; c < channels; c++)
    y[c] = ((top[c] + top[channels + c]) + (bottom[c] + bottom[channels + c])) * 0.25f;
}
