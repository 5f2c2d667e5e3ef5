#include "include/CPeak.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Independent accumulators, enough to hide the latency of the instruction. */
#define CHAINS 12
#define STEPS 200000

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
/* Three instructions replace the dot product on processors without it. */
LOOP(maddubs_256, "avx2", __m256i, _mm256_setzero_si256(),
     _mm256_add_epi32(a[i], _mm256_madd_epi16(_mm256_maddubs_epi16(b, c), b)))
LOOP(vnni_256, "avx2,avxvnni", __m256i, _mm256_setzero_si256(), _mm256_dpbusd_avx_epi32(a[i], b, c))
LOOP(vnni_512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(a[i], b, c))
LOOP(bf16_512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(),
     _mm512_dpbf16_ps(a[i], (__m512bh)b, (__m512bh)c))

/* `lanes` multiply-adds in one step of one chain. */
static int32_t found(void (*run)(void), int lanes, cpeak_loop *loop) {
  *loop = (cpeak_loop){.run = run, .operations = 2.0 * lanes * CHAINS * STEPS};
  return 1;
}

int32_t cpeak_loop_for(cpeak_arithmetic arithmetic, cpeak_loop *loop) {
  switch (arithmetic) {
    case CPEAK_FP32:
      if (__builtin_cpu_supports("avx512f")) return found(fma_512, 16, loop);
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return found(fma_256, 8, loop);
      return 0;
    case CPEAK_INT8:
      if (__builtin_cpu_supports("avx512vnni")) return found(vnni_512, 64, loop);
      if (__builtin_cpu_supports("avxvnni")) return found(vnni_256, 32, loop);
      if (__builtin_cpu_supports("avx2")) return found(maddubs_256, 32, loop);
      return 0;
    case CPEAK_BF16:
      if (__builtin_cpu_supports("avx512bf16")) return found(bf16_512, 32, loop);
      return 0;
  }
  return 0;
}

#else

int32_t cpeak_loop_for(cpeak_arithmetic arithmetic, cpeak_loop *loop) {
  (void)arithmetic;
  (void)loop;
  return 0;
}

#endif
