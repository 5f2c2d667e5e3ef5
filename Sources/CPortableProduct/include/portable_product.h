/* A matrix product whose bits do not depend on the machine: the alternative to OpenBLAS in the reference.
 *
 * Each output is one sum in FP64, over the inner index in ascending order, rounded to FP32 once. The product of two
 * FP32 values is exact in FP64, so a fused multiply-add rounds exactly like a multiplication and an addition: the
 * instruction sets below only differ in speed. (The bits of a NaN can differ.) */
#ifndef PORTABLE_PRODUCT_H
#define PORTABLE_PRODUCT_H

#include <stddef.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

typedef enum pp_level {
  PP_BASELINE, /* available on every processor of this architecture */
  PP_AVX2,     /* with FMA; x86-64 only */
  PP_AVX512,   /* with the F, CD, BW, DQ and VL instructions, as in every such processor but Xeon Phi; x86-64 only */
} pp_level;

/* The fastest level that this processor runs; it runs every lower one too. */
pp_level pp_fastest_level(void);

/* Element (i, j) is at values[i * row_stride + j * column_stride]. */
typedef struct pp_matrix {
  const float *values;
  size_t row_stride, column_stride;
} pp_matrix;

/* FP64 values that pp_multiply needs as scratch for an inner dimension of k. */
size_t pp_workspace(size_t k);

/* c[i * c_stride + j] = scale · Σ a[i, p] · b[p, j] over p in 0 ..< k, for i in 0 ..< m and j in 0 ..< n. */
void pp_multiply(pp_level level, size_t m, size_t n, size_t k, float scale, pp_matrix a, pp_matrix b, float *c,
                 size_t c_stride, double *workspace);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
