#include "loops.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Independent accumulators, enough to hide the latency of the instruction. */
#define CHAINS 12
#define STEPS 60000

/* The factors pass through an empty assembly statement, so that the compiler cannot precompute a step. */
#define LOOP(name, isa, type, zero, step)                                              \
  __attribute__((target(isa))) static void name(void) {                                \
    type a[CHAINS], b = zero, c = zero;                                                \
    for (int i = 0; i < CHAINS; i++) a[i] = zero;                                      \
    for (int n = 0; n < STEPS; n++) {                                                  \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = step; \
      __asm__ volatile("" : "+v"(b), "+v"(c));                                         \
    }                                                                                  \
    for (int i = 0; i < CHAINS; i++) __asm__ volatile("" : "+v"(a[i]));                \
  }
LOOP(fma_256, "avx2,fma", __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(b, c, a[i]))
LOOP(fma_512, "avx512f", __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(b, c, a[i]))
/* Two or three instructions replace the dot product on processors without it. */
LOOP(madd_256, "avx2", __m256i, _mm256_setzero_si256(), _mm256_add_epi32(a[i], _mm256_madd_epi16(b, c)))
LOOP(maddubs_256, "avx2", __m256i, _mm256_setzero_si256(),
     _mm256_add_epi32(a[i], _mm256_madd_epi16(_mm256_maddubs_epi16(b, c), b)))
LOOP(vnni_256, "avx2,avxvnni", __m256i, _mm256_setzero_si256(), _mm256_dpbusd_avx_epi32(a[i], b, c))
LOOP(vnni_512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(a[i], b, c))
LOOP(bf16_512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(),
     _mm512_dpbf16_ps(a[i], (__m512bh)b, (__m512bh)c))

/* `lanes` multiply-adds in one step of one chain. */
static loop found(void (*run)(void), int lanes) {
  return (loop){.run = run, .operations = 2.0 * lanes * CHAINS * STEPS};
}

loop vector_loop(cpeak_arithmetic arithmetic) {
  switch (arithmetic) {
    case CPEAK_FP32:
      if (__builtin_cpu_supports("avx512f")) return found(fma_512, 16);
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return found(fma_256, 8);
      break;
    case CPEAK_BF16:
      if (__builtin_cpu_supports("avx512bf16")) return found(bf16_512, 32);
      break;
    case CPEAK_INT8:
      if (__builtin_cpu_supports("avx512vnni")) return found(vnni_512, 64);
      if (__builtin_cpu_supports("avxvnni")) return found(vnni_256, 32);
      if (__builtin_cpu_supports("avx2")) return found(maddubs_256, 32);
      break;
    case CPEAK_INT16: /* 8-bit loops: one product of each of the two bytes of a factor */
      if (__builtin_cpu_supports("avx512vnni")) return found(vnni_512, 64 / 2);
      if (__builtin_cpu_supports("avxvnni")) return found(vnni_256, 32 / 2);
      if (__builtin_cpu_supports("avx2")) return found(madd_256, 16);
      break;
    case CPEAK_BF16_TILES:
    case CPEAK_INT8_TILES: break;
  }
  return (loop){0};
}

#else

loop vector_loop(cpeak_arithmetic arithmetic) {
  (void)arithmetic;
  return (loop){0};
}

#endif
