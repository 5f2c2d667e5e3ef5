/* The tables, and the choice among them. */
#include <string.h>
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include "scalar.h"
#include "x86_features.h"

void attention_f32_scalar(size_t query_count, size_t key_count, size_t d, float scale, ptrdiff_t causal_offset,
                          const float *q, size_t ldq, const float *k, size_t ldk, const float *v, size_t ldv,
                          float *out, size_t ldout, float *scratch) {
  pk_attention_with(&pk_kernels_scalar, query_count, key_count, d, scale, causal_offset, q, ldq, k, ldk, v, ldv, out,
                    ldout, scratch);
}

const pk_kernels pk_kernels_scalar = {
    .isa = PK_ISA_SCALAR,
    .name = PK_ISA_NAME(PK_ISA_SCALAR),
#define PK_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "include/kernels.def"
};

const pk_writing_kernels pk_writing_scalar = {
#define PK_WRITING_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "include/kernels.def"
};

#if defined(__x86_64__)
static const pk_kernels *if_able(unsigned feature, const pk_kernels *kernels) {
  return pk_x86_features() & feature ? kernels : NULL;
}
#elif defined(__aarch64__)
/* The kernel's numbers (Documentation/arch/arm64/elf_hwcaps.rst), for C libraries that do not define these features
 * yet. On systems other than Linux the lowest level is used. */
#ifdef __linux__
#undef HWCAP_ASIMDDP
#undef HWCAP2_I8MM
#define HWCAP_ASIMDDP (1ul << 20)
#define HWCAP2_I8MM (1ul << 13)
#define arm_has(word, feature) (getauxval(word) & (feature))
#else
#define arm_has(word, feature) 0
#endif
#endif

const pk_kernels *pk_kernels_for(pk_isa isa) {
  switch (isa) {
    case PK_ISA_SCALAR: return &pk_kernels_scalar;
#if defined(__x86_64__)
    case PK_ISA_SSE41: return if_able(PK_X86_SSE41, &pk_kernels_sse41);
    case PK_ISA_AVX2: return if_able(PK_X86_AVX2, &pk_kernels_avx2);
    case PK_ISA_AVXVNNI: return if_able(PK_X86_AVXVNNI, &pk_kernels_avxvnni);
    case PK_ISA_AVX512VNNI: return if_able(PK_X86_AVX512VNNI, &pk_kernels_avx512);
    case PK_ISA_AMX: return if_able(PK_X86_AMX, &pk_kernels_amx);
#elif defined(__aarch64__)
    case PK_ISA_NEON: return &pk_kernels_neon;
    case PK_ISA_DOTPROD: return arm_has(AT_HWCAP, HWCAP_ASIMDDP) ? &pk_kernels_dotprod : NULL;
    case PK_ISA_I8MM: return arm_has(AT_HWCAP2, HWCAP2_I8MM) ? &pk_kernels_i8mm : NULL;
#endif
    default: return NULL; /* of another kind of processor */
  }
}

const pk_writing_kernels *pk_writing_for(pk_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case PK_ISA_AVX2:
    case PK_ISA_AVXVNNI: return &pk_writing_avx2;
    case PK_ISA_AVX512VNNI:
    case PK_ISA_AMX: return &pk_writing_avx512;
#elif defined(__aarch64__)
    case PK_ISA_NEON:
    case PK_ISA_DOTPROD:
    case PK_ISA_I8MM: return &pk_writing_neon;
#endif
    default: return &pk_writing_scalar; /* not faster otherwise, or of another kind of processor */
  }
}

const pk_bf16_kernels *pk_bf16_for(pk_isa isa) {
#if defined(__x86_64__)
  if (isa == PK_ISA_AVX512VNNI && pk_x86_features() & PK_X86_AVX512BF16) return &pk_bf16_avx512;
  if (isa == PK_ISA_AMX && pk_x86_features() & PK_X86_AMX) return &pk_bf16_amx;
#else
  (void)isa;
#endif
  return NULL;
}

const char *pk_isa_name(pk_isa isa) { return PK_ISA_NAME(isa); }

const pk_kernels *pk_kernels_named(const char *name, size_t length) {
  for (int isa = 0; isa < PK_ISA_COUNT; isa++) {
    const pk_kernels *kernels = pk_kernels_for((pk_isa)isa);
    if (kernels && strlen(kernels->name) == length && memcmp(kernels->name, name, length) == 0) return kernels;
  }
  return NULL;
}

const pk_kernels *pk_kernels_detect(void) {
  for (int isa = PK_ISA_COUNT - 1; isa > 0; isa--) {
    const pk_kernels *kernels = pk_kernels_for((pk_isa)isa);
    if (kernels) return kernels;
  }
  return &pk_kernels_scalar;
}

size_t pk_row_stride(size_t k, size_t element_bytes) {
  size_t line = 64 / element_bytes;
  size_t stride = (k + line - 1) / line * line;
  return stride * element_bytes % 512 == 0 && stride > 0 ? stride + line : stride;
}
