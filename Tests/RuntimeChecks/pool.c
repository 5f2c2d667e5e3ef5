/* The thread pool alone, under the thread sanitizer: loops from several threads, nested loops, forks inside a body
 * and during loops. Prints nothing and exits with 0 if every part ran exactly once.
 *
 * usage: pool     (PCLIP_THREADS=8) */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CPlatform.h"

#define PARTS 64
#define CALLERS 4
#define LOOPS 500

/* Plain memory: only the pool's own synchronization keeps parts and consecutive loops from racing. */
typedef struct tally {
  int runs[PARTS];
  int by_worker[1024];
} tally;

static void expect(int holds, const char *promise) {
  if (holds) return;
  fprintf(stderr, "pool.c: broken: %s\n", promise);
  exit(1);
}

static void count(void *context, size_t index, size_t worker) {
  tally *t = context;
  t->runs[index]++;
  t->by_worker[worker]++;
}

static void run(tally *t, int loops) {
  memset(t, 0, sizeof *t);
  for (int loop = 0; loop < loops; loop++) pf_parallel_for(PARTS, 0, count, t);
  int total = 0;
  for (size_t i = 0; i < 1024; i++) total += t->by_worker[i];
  for (size_t i = 0; i < PARTS; i++) expect(t->runs[i] == loops, "every part runs once");
  expect(total == loops * PARTS, "parts with equal workers never run at the same time");
}

static void *call(void *unused) {
  (void)unused;
  run(&(tally){0}, LOOPS);
  return NULL;
}

static void in_child(void) {
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    run(&(tally){0}, 20);
    _exit(0);
  }
  int status = -1;
  expect(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a forked child has a pool of its own");
}

static void nest(void *context, size_t index, size_t worker) {
  count(context, index, worker);
  run(&(tally){0}, 2);
  if (index % 16 == 0) in_child();
}

int main(void) {
  expect(pf_thread_count() == 8, "PCLIP_THREADS=8 makes a pool of 8");
  call(NULL);
  pthread_t callers[CALLERS];
  for (int i = 0; i < CALLERS; i++) expect(pthread_create(callers + i, NULL, call, NULL) == 0, "threads");
  for (int i = 0; i < 10; i++) in_child();
  for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
  tally t = {0};
  pf_parallel_for(PARTS, 0, nest, &t);
  for (size_t i = 0; i < PARTS; i++) expect(t.runs[i] == 1, "a body may fork and run loops of its own");
  return 0;
}
