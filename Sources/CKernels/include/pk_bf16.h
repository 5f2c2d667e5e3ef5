/* Matrix products in BF16, the upper half of an FP32: for processors that multiply pairs of them in one instruction. */
#ifndef PK_BF16_H
#define PK_BF16_H

#include "pk_kernels.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"

/* Operands are rounded to BF16, half to even, subnormal values to zero. A product of two BF16 numbers is exact.
 * Products are added to FP32 sums, subnormal sums to zero: pair by pair in index order with AVX-512; with AMX, sums of 16
 * even and 16 odd inputs. The result equals gemm_f32's of the rounded operands within the rounding of FP32 sums. Rows, row
 * position and split never change a bit; the two instruction sets have different bits. */
typedef struct pk_bf16_kernels {
#define PK_BF16_KERNEL(name, agreement, result, parameters) result(*name) parameters;
#include "kernels.def"
} pk_bf16_kernels;

#pragma clang assume_nonnull begin

/* The kernels that belong to an instruction set's table, or null if it or this machine has none. */
const pk_bf16_kernels *_Nullable pk_bf16_for(pk_isa isa);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
