/* Matrix products in BF16, the upper half of an FP32: for processors that multiply pairs of them in one instruction. */
#ifndef PK_BF16_H
#define PK_BF16_H

#include "pk_kernels.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

/* Operands are rounded to BF16, half to even, subnormal values to zero. Two products of BF16 are exact; they are added
 * to sums in FP32 pair by pair in index order, subnormal sums to zero: the result is gemm_f32's of the rounded operands
 * within the rounding of FP32 sums. Rows, row position and split never change a bit. */
typedef struct pk_bf16_kernels {
  /* y = x in BF16. Columns from k to the next multiple of 4 are zero. y may be x, if ldy = 2 · ldx or m = 1. */
  void (*_Nonnull round_rows)(size_t m, size_t k, const float *x, size_t ldx, uint16_t *y, size_t ldy);
  /* gemm_f16's panels and epilogue; x as round_rows leaves it. segment_inputs is even. */
  void (*_Nonnull gemm)(const pk_product *product, size_t panel_begin, size_t panel_end, const uint16_t *x,
                        const uint16_t *w, float *y);
} pk_bf16_kernels;

/* Those that go with the table of an instruction set, or null where it or this machine has none. */
const pk_bf16_kernels *_Nullable pk_bf16_for(pk_isa isa);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
