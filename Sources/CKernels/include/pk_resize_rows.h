/* Resampling of several rows at once, for images that arrive row by row. Only programs that decode image files use it;
 * the runtime does not contain it. The sums are those of pk_resize.h, so the bytes are, too. */
#ifndef PK_RESIZE_ROWS_H
#define PK_RESIZE_ROWS_H

#include "pk_resize.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

/* How a kernel stores the weights of one output. */
typedef enum pk_resize_layout {
  /* 32-bit, one per byte of the row, padded with zeros to complete blocks: pk_resize_row_stride. */
  PK_RESIZE_WORDS = 0,
  /* Signed bytes, because the products of bytes are those that processors sum fastest. A weight is
   * d0 + 256 d1 + 65536 d2 with digits from -128 to 127: enough for 1.99 · 2^22, and no weight reaches 1.2 · 2^22. Blocks
   * of PK_RESIZE_DIGIT_TAPS pixels hold first all d0, then all d1, then all d2; the last block is padded with zeros. */
  PK_RESIZE_DIGITS = 1,
} pk_resize_layout;

#define PK_RESIZE_DIGIT_TAPS 16

/* Rows of interleaved channels. */
typedef struct pk_resize_rows {
  const uint8_t *first;
  size_t count;      /* rows */
  size_t stride;     /* bytes from one row to the next */
  size_t byte_count; /* of each row; no kernel reads beyond them */
} pk_resize_rows;

/* Bytes that the weights of one output take, a multiple of 4. */
size_t pk_resize_packed_bytes(pk_resize_layout layout, size_t taps, size_t channels);
/* Stores the weights of one output, one per tap, into `packed_bytes` bytes: those of the most taps of any output. */
void pk_resize_pack(pk_resize_layout layout, size_t taps, size_t channels, const int32_t *weights, size_t packed_bytes,
                    void *packed);

#pragma clang assume_nonnull end

typedef struct pk_resize_rows_kernels {
  pk_resize_layout layout;
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) result(*name) parameters;
#include "kernels.def"
} pk_resize_rows_kernels;

#pragma clang assume_nonnull begin

/* The kernels for a machine that supports `isa`. All give the same bytes. */
const pk_resize_rows_kernels *pk_resize_rows_kernels_for(pk_isa isa);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
