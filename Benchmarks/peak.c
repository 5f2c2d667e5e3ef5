/* What this machine can do at best, measured: one JSON object of multiply-adds counted as two operations.
 *
 *   clang -std=c11 -D_GNU_SOURCE -O2 Benchmarks/peak.c -lpthread -o .build-peers/peak && .build-peers/peak [THREADS]
 *
 * Independent multiply-adds on registers of the widest instruction the machine has, THREADS threads (default 2)
 * starting together; memory: the threads sum 256 MB each. Figures are the best of several rounds, per second. */
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 60
#define CHAINS 12
#define STEPS 1000000
#define MAX_THREADS 64
#define MEMORY_BYTES ((size_t)256 << 20)

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* CHAINS independent accumulators hide the latency of the instruction. */
#define LOOP(name, isa, type, zero, step)                                                    \
  __attribute__((target(isa))) static void name(const void *unused) {                        \
    (void)unused;                                                                            \
    type a[CHAINS], b = zero, c = zero;                                                      \
    for (int i = 0; i < CHAINS; i++) a[i] = zero;                                            \
    for (int n = 0; n < STEPS; n++) {                                                        \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = step;       \
      __asm__ volatile("" : "+v"(b), "+v"(c));                                               \
    }                                                                                        \
    for (int i = 0; i < CHAINS; i++) __asm__ volatile("" : "+v"(a[i]));                      \
  }
LOOP(fma_256, "avx2,fma", __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(b, c, a[i]))
LOOP(fma_512, "avx512f", __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(b, c, a[i]))
LOOP(maddubs, "avx2", __m256i, _mm256_setzero_si256(),
     _mm256_add_epi32(a[i], _mm256_madd_epi16(_mm256_maddubs_epi16(b, c), b)))
LOOP(vnni_256, "avx2,avxvnni", __m256i, _mm256_setzero_si256(), _mm256_dpbusd_avx_epi32(a[i], b, c))
LOOP(vnni_512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(a[i], b, c))
LOOP(bf16_512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(),
     _mm512_dpbf16_ps(a[i], (__m512bh)b, (__m512bh)c))

__attribute__((target("avx2"))) static void read_memory(const void *memory) {
  const __m256i *p = memory;
  __m256i sum[8] = {0};
  for (size_t i = 0; i < MEMORY_BYTES / sizeof *p; i += 8)
    for (size_t j = 0; j < 8; j++) sum[j] = _mm256_add_epi64(sum[j], _mm256_load_si256(p + i + j));
  for (size_t j = 0; j < 8; j++) __asm__ volatile("" : "+x"(sum[j]));
}

typedef struct {
  void (*loop)(const void *);
  const void *memory;
  pthread_barrier_t *barrier;
  double begin[ROUNDS], end[ROUNDS];
} work;

static void *worker(void *argument) {
  work *w = argument;
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(w->barrier);
    w->begin[round] = now();
    w->loop(w->memory);
    w->end[round] = now();
  }
  return NULL;
}

/* The least time, over rounds, from the first thread's begin to the last thread's end. */
static double least_seconds(void (*loop)(const void *), int threads, void *const *memory) {
  static work works[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    works[i] = (work){.loop = loop, .memory = memory ? memory[i] : NULL, .barrier = &barrier};
    if (pthread_create(&ids[i], NULL, worker, &works[i])) exit(71);
  }
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  pthread_barrier_destroy(&barrier);
  double least = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double begin = works[0].begin[round], end = works[0].end[round];
    for (int i = 1; i < threads; i++) {
      if (works[i].begin[round] < begin) begin = works[i].begin[round];
      if (works[i].end[round] > end) end = works[i].end[round];
    }
    if (end - begin < least) least = end - begin;
  }
  return least;
}

/* Operations per second; `lanes` counts the multiply-adds of one instruction. */
static double operations(void (*loop)(const void *), int threads, int lanes) {
  return 2.0 * lanes * CHAINS * STEPS * threads / least_seconds(loop, threads, NULL);
}

static double bytes_per_second(int threads) {
  void *memory[MAX_THREADS];
  for (int i = 0; i < threads; i++) {
    memory[i] = aligned_alloc(64, MEMORY_BYTES);
    if (!memory[i]) exit(71);
    memset(memory[i], i + 1, MEMORY_BYTES);
  }
  double rate = (double)MEMORY_BYTES * threads / least_seconds(read_memory, threads, memory);
  for (int i = 0; i < threads; i++) free(memory[i]);
  return rate;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 2;
  if (threads < 1 || threads > MAX_THREADS) return fprintf(stderr, "usage: peak [THREADS], 1 to 64\n"), 64;
  int wide = __builtin_cpu_supports("avx512f");
  double fp32 = wide ? operations(fma_512, threads, 16) : operations(fma_256, threads, 8);
  double int8 = __builtin_cpu_supports("avx512vnni") ? operations(vnni_512, threads, 64)
                : __builtin_cpu_supports("avxvnni")  ? operations(vnni_256, threads, 32)
                                                     : operations(maddubs, threads, 32);
  double bf16 = __builtin_cpu_supports("avx512bf16") ? operations(bf16_512, threads, 32) : 0;
  printf("{\"threads\": %d, \"fp32\": %.4g, \"bf16\": %.4g, \"int8\": %.4g, \"memory\": %.4g}\n", threads, fp32, bf16,
         int8, bytes_per_second(threads));
}
