/* The table of kernels of the including file's instruction set. WIDE_TABLE is the name of its first table. Kernels that
 * only move bytes, or take negligible time, are the scalar ones. */
#ifndef PK_WIDE_TABLE_H
#define PK_WIDE_TABLE_H

static void attention_f32(size_t query_count, size_t key_count, size_t d, float scale, ptrdiff_t causal_offset,
                          const float *q, size_t ldq, const float *k, size_t ldk, const float *v, size_t ldv,
                          float *out, size_t ldout, float *scratch) {
  pk_attention_with(&WIDE_TABLE, query_count, key_count, d, scale, causal_offset, q, ldq, k, ldk, v, ldv, out, ldout,
                    scratch);
}

/* Everything except the integer product is shared by instruction sets that differ only in that product. */
#define WIDE_KERNELS(isa_, u8s8_)                      \
  {                                                    \
      .isa = isa_,                                     \
      .fuses = 1,                                      \
      .name = PK_ISA_NAME(isa_),                       \
      .gemm_f32 = gemm_f32,                            \
      .gemm_f16 = gemm_f16,                            \
      .gemm_u8s8 = u8s8_,                              \
      .add_transposed_f32 = add_transposed_f32,        \
      .add_transposed_s8 = add_transposed_s8,          \
      .attention_f32 = attention_f32,                  \
      .layernorm_f32 = layernorm_f32,                  \
      .softmax_f32 = softmax_f32,                      \
      .l2_normalize_f32 = l2_normalize_f32,            \
      .dot_f32 = dot_f32,                              \
      .mean_rows_f32 = mean_rows_f32,                  \
      .minmax_f32 = minmax_f32,                        \
      .add_f32 = add_f32,                              \
      .quantize_u16 = quantize_u16,                    \
      .quantize_u8 = quantize_u8,                      \
      .dequantize_u8 = dequantize_u8,                  \
      .embed_f32 = embed_f32_scalar,                   \
      .embed_f16 = embed_f16,                          \
      .embed_s8 = embed_s8_scalar,                     \
      .gather_patches_f32 = gather_patches_f32_scalar, \
      .gather_patches_u8 = gather_patches_u8_scalar,   \
      .average_pixels_f32 = average_pixels_f32,        \
      .f16_to_f32 = f16_to_f32,                        \
      .pack_f32 = pack_f32_scalar,                     \
  }

#endif
