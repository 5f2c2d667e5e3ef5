/* Patches of convolutions: copies only, every instruction set uses this text. And average pooling, the definition. */
#include <string.h>

#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

/* Input coordinate of window position `offset` of output `output`; -1 outside [0, size). */
static ptrdiff_t input_coordinate(size_t output, size_t offset, const pk_patch_grid *grid, size_t size) {
  size_t padded = output * grid->step + offset;
  if (padded < grid->padding || padded - grid->padding >= size) return -1;
  return (ptrdiff_t)(padded - grid->padding);
}

/* The channels of one input pixel, or of one outside the image. `bytes` is the element's size, a constant. */
static inline __attribute__((always_inline)) void gather_pixel(const pk_patch_grid *grid, const uint8_t *x,
                                                               ptrdiff_t row, ptrdiff_t column, const void *fill,
                                                               uint8_t *pixel, size_t bytes) {
  if (row < 0 || column < 0) {
    for (size_t c = 0; c < grid->channels; c++) memcpy(pixel + c * bytes, fill, bytes);
    return;
  }
  x += ((size_t)row * grid->row_stride + (size_t)column * grid->column_stride) * bytes;
  if (grid->channel_stride == 1) {
    memcpy(pixel, x, grid->channels * bytes);
    return;
  }
  for (size_t c = 0; c < grid->channels; c++) memcpy(pixel + c * bytes, x + c * grid->channel_stride * bytes, bytes);
}

static inline __attribute__((always_inline)) void gather(const pk_patch_grid *grid, size_t row_begin, size_t row_end,
                                                         const void *x, const void *fill, void *patches,
                                                         size_t ldpatches, size_t bytes) {
  uint8_t *patch = patches;
  size_t count = grid->kernel * grid->kernel * grid->channels;
  for (size_t output_row = row_begin; output_row < row_end; output_row++) {
    for (size_t output_column = 0; output_column < grid->output_width; output_column++, patch += ldpatches * bytes) {
      uint8_t *pixel = patch;
      for (size_t ky = 0; ky < grid->kernel; ky++) {
        ptrdiff_t row = input_coordinate(output_row, ky, grid, grid->height);
        for (size_t kx = 0; kx < grid->kernel; kx++, pixel += grid->channels * bytes)
          gather_pixel(grid, x, row, input_coordinate(output_column, kx, grid, grid->width), fill, pixel, bytes);
      }
      for (size_t i = count; i % 4 != 0; i++, pixel += bytes) memcpy(pixel, fill, bytes);
    }
  }
}

void gather_patches_f32_scalar(const pk_patch_grid *grid, size_t row_begin, size_t row_end, const float *x, float fill,
                               float *patches, size_t ldpatches) {
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
