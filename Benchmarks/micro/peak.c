/* The measured peak rates of this machine: one JSON object; a multiply-add counts as two operations.
 *
 *   clang -std=c11 -D_GNU_SOURCE -O2 -ISources/CPeak/include Benchmarks/micro/peak.c \
 *     Sources/CPeak/{rate,vectors,tiles}.c -lpthread -o .build-peers/peak && .build-peers/peak [THREADS]
 *
 * Arithmetic: Sources/CPeak, on THREADS threads (default 2); 0 where the machine has no such instruction. Memory: the
 * threads sum 256 MB each. Figures are the best of several rounds, per second. */
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "CPeak.h"

#define ROUNDS 100
#define MEMORY_ROUNDS 20
#define MAX_THREADS 64
#define MEMORY_BYTES ((size_t)256 << 20)

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

__attribute__((target("avx2"))) static void read_memory(const void *memory) {
  const __m256i *p = memory;
  __m256i sum[8] = {0};
  for (size_t i = 0; i < MEMORY_BYTES / sizeof *p; i += 8)
    for (size_t j = 0; j < 8; j++) sum[j] = _mm256_add_epi64(sum[j], _mm256_load_si256(p + i + j));
  for (size_t j = 0; j < 8; j++) __asm__ volatile("" : "+x"(sum[j]));
}

typedef struct {
  const void *memory;
  pthread_barrier_t *barrier;
  double begin[MEMORY_ROUNDS], end[MEMORY_ROUNDS];
} work;

static void *worker(void *argument) {
  work *w = argument;
  for (int round = 0; round < MEMORY_ROUNDS; round++) {
    pthread_barrier_wait(w->barrier);
    w->begin[round] = now();
    read_memory(w->memory);
    w->end[round] = now();
  }
  return NULL;
}

/* The smallest time over rounds, from the start of the first thread to the end of the last. */
static double least_seconds(int threads, void *const *memory) {
  static work works[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    works[i] = (work){.memory = memory[i], .barrier = &barrier};
    if (pthread_create(&ids[i], NULL, worker, &works[i])) exit(71);
  }
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  pthread_barrier_destroy(&barrier);
  double least = 1e9;
  for (int round = 0; round < MEMORY_ROUNDS; round++) {
    double begin = works[0].begin[round], end = works[0].end[round];
    for (int i = 1; i < threads; i++) {
      if (works[i].begin[round] < begin) begin = works[i].begin[round];
      if (works[i].end[round] > end) end = works[i].end[round];
    }
    if (end - begin < least) least = end - begin;
  }
  return least;
}

static double bytes_per_second(int threads) {
  void *memory[MAX_THREADS];
  for (int i = 0; i < threads; i++) {
    memory[i] = aligned_alloc(64, MEMORY_BYTES);
    if (!memory[i]) exit(71);
    memset(memory[i], i + 1, MEMORY_BYTES);
  }
  double rate = (double)MEMORY_BYTES * threads / least_seconds(threads, memory);
  for (int i = 0; i < threads; i++) free(memory[i]);
  return rate;
}

int main(int argc, char **argv) {
  static const char *const names[] = {[CPEAK_FP32] = "fp32",
                                      [CPEAK_BF16] = "bf16",
                                      [CPEAK_INT8] = "int8",
                                      [CPEAK_INT16] = "int16",
                                      [CPEAK_BF16_TILES] = "bf16_tiles",
                                      [CPEAK_INT8_TILES] = "int8_tiles"};
  int threads = argc > 1 ? atoi(argv[1]) : 2;
  if (threads < 1 || threads > MAX_THREADS) return fprintf(stderr, "usage: peak [THREADS], 1 to 64\n"), 64;
  printf("{");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    printf("\"%s\": %.4g, ", names[i], cpeak_rate((cpeak_arithmetic)i, threads, ROUNDS));
  printf("\"memory\": %.4g}\n", bytes_per_second(threads));
}
