/* Times a loop on several threads at once. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "loops.h"

/* A thread that waits longer than these checks gives its processor to others. */
#define PATIENCE 10000

typedef struct {
  double begin, end;
} span;

#if defined(__linux__)
typedef cpu_set_t processors;
#else
typedef int processors;
#endif

typedef struct {
  void (*run)(void);
  int32_t rounds;
  processors usable;
  atomic_int threads; /* 0 until all are created */
  atomic_int next;    /* number of the next thread */
  atomic_int arrived, meetings;
  span *spans; /* of the current round, by thread */
  double least;
} measurement;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void pause_after(int checks) {
  if (checks > PATIENCE) sched_yield();
}

/* Returns when all threads have called it. Threads spin: one that slept would start late, and a peak is only measured
 * in rounds in which all compute at the same time. */
static void meet(measurement *m) {
  int meeting = atomic_load(&m->meetings);
  if (atomic_fetch_add(&m->arrived, 1) == atomic_load(&m->threads) - 1) {
    atomic_store(&m->arrived, 0);
    atomic_store(&m->meetings, meeting + 1);
    return;
  }
  for (int checks = 0; atomic_load(&m->meetings) == meeting; checks++) pause_after(checks);
}

/* From the start of the first thread to the end of the last. */
static double length(const span *spans, int threads) {
  double begin = spans[0].begin, end = spans[0].end;
  for (int i = 1; i < threads; i++) {
    if (spans[i].begin < begin) begin = spans[i].begin;
    if (spans[i].end > end) end = spans[i].end;
  }
  return end - begin;
}

/* The processors that the calling thread may use; none if they are unknown. */
static processors usable_processors(void) {
  processors usable = {0};
#if defined(__linux__)
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) CPU_ZERO(&usable);
#endif
  return usable;
}

/* Moves the calling thread to its own processor. Otherwise the system may leave two threads on one processor while other
 * programs use the other, and no round measures both.
 *
 * Processors of one core have adjacent numbers on some machines, and numbers half the machine apart on others. So rounds
 * alternate between adjacent processors and processors that are spread evenly: one of both uses as many cores as it can. */
static void take_processor(const processors *usable, int self, int threads, int32_t round) {
#if defined(__linux__)
  int count = CPU_COUNT(usable);
  if (count == 0) return;
  int left = round % 2 == 0 ? self % count : (int)((int64_t)self * count / threads) % count, processor = 0;
  while (!CPU_ISSET(processor, usable) || left-- > 0) processor++;
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(processor, &own);
  sched_setaffinity(0, sizeof own, &own);
#else
  (void)usable, (void)self, (void)threads, (void)round;
#endif
}

static int32_t wait_for_threads(measurement *m) {
  int32_t threads;
  for (int checks = 0; !(threads = atomic_load(&m->threads)); checks++) pause_after(checks);
  return threads;
}

static void compute(measurement *m, int self) {
  meet(m);
  m->spans[self].begin = now();
  m->run();
  m->spans[self].end = now();
  meet(m);
  if (self != 0) return; /* the others wait for this thread in the next round */
  double seconds = length(m->spans, atomic_load(&m->threads));
  if (seconds < m->least) m->least = seconds;
}

static void *thread_body(void *argument) {
  measurement *m = argument;
  int self = atomic_fetch_add(&m->next, 1);
  int32_t threads = wait_for_threads(m);
  for (int32_t round = 0; round < m->rounds; round++) {
    take_processor(&m->usable, self, threads, round);
    compute(m, self);
  }
  return NULL;
}

/* Seconds of the shortest round. `threads` becomes smaller if the system refuses threads; the caller computes, wherever
 * it is, if there are none. */
static double least_seconds(loop loop, int32_t *threads, int32_t rounds, span *spans, pthread_t *ids) {
  measurement m = {.run = loop.run, .rounds = rounds, .usable = usable_processors(), .spans = spans, .least = 1e9};
  int32_t created = 0;
  while (created < *threads && pthread_create(&ids[created], NULL, thread_body, &m) == 0) created++;
  *threads = created > 0 ? created : 1;
  atomic_store(&m.threads, *threads);
  for (int32_t round = 0; created == 0 && round < rounds; round++) compute(&m, 0);
  for (int32_t i = 0; i < created; i++) pthread_join(ids[i], NULL);
  return m.least;
}

double cpeak_rate(cpeak_arithmetic arithmetic, int32_t threads, int32_t rounds) {
  int is_tiles = arithmetic == CPEAK_BF16_TILES || arithmetic == CPEAK_INT8_TILES;
  loop loop = is_tiles ? tile_loop(arithmetic) : vector_loop(arithmetic);
  if (!loop.run || threads < 1 || rounds < 1) return 0;
  span *spans = calloc((size_t)threads, sizeof *spans);
  pthread_t *ids = calloc((size_t)threads, sizeof *ids);
  double rate = 0;
  if (spans && ids) {
    double least = least_seconds(loop, &threads, rounds, spans, ids);
    rate = loop.operations * threads / least;
  }
  free(spans);
  free(ids);
  return rate;
}
