/* The scalar kernels: the definition with which every other instruction set is compared. */
#ifndef PK_SCALAR_H
#define PK_SCALAR_H

#include "include/pk_bf16.h"
#include "include/pk_kernels.h"
#include "include/pk_writing.h"

#define PK_KERNEL(name, agreement, result, parameters) result name##_scalar parameters;
#define PK_WRITING_KERNEL(name, agreement, result, parameters) result name##_scalar parameters;
#include "include/kernels.def"

/* The activations of the epilogue. */
float pk_activate(float v, pk_activation activation);
/* 1 / √(variance + ε); NaN for an infinite variance. */
float pk_inverse_deviation(float variance, float epsilon);

/* Attention built from the other kernels of a table; the same code for all instruction sets. */
void pk_attention_with(const pk_kernels *kernels, size_t query_count, size_t key_count, size_t d, float scale,
                       ptrdiff_t causal_offset, const float *q, size_t ldq, const float *k, size_t ldk,
                       const float *v, size_t ldv, float *out, size_t ldout, float *scratch);

/* The two packings, built from the conversions of a table. */
size_t pk_pack_f16_with(const pk_writing_kernels *kernels, size_t n, size_t k, size_t k_padded, size_t panel_begin,
                        size_t panel_end, const float *w, size_t ldw, uint16_t *panels);
void pk_pack_s8_with(const pk_writing_kernels *kernels, size_t n, size_t k, size_t k_padded, size_t panel_begin,
                     size_t panel_end, const float *w, size_t ldw, const float *scale, int8_t *panels,
                     int32_t *sums);

extern const pk_kernels pk_kernels_scalar;
extern const pk_writing_kernels pk_writing_scalar;
#if defined(__x86_64__)
extern const pk_kernels pk_kernels_sse41;
extern const pk_kernels pk_kernels_avx2;
extern const pk_kernels pk_kernels_avxvnni;
extern const pk_kernels pk_kernels_avx512;
extern const pk_kernels pk_kernels_amx;
extern const pk_writing_kernels pk_writing_avx2;
extern const pk_writing_kernels pk_writing_avx512;
extern const pk_bf16_kernels pk_bf16_avx512;
extern const pk_bf16_kernels pk_bf16_amx;
#elif defined(__aarch64__)
extern const pk_kernels pk_kernels_neon;
extern const pk_kernels pk_kernels_dotprod;
extern const pk_kernels pk_kernels_i8mm;
extern const pk_writing_kernels pk_writing_neon;
#endif

#endif
