/* One pool of threads for the process.
 *
 * A loop is stored on its caller's stack and is in a list while it has parts that threads can take. Its parts are
 * divided into shares. A thread first takes the parts of its own share and then helps with the other shares, so in
 * consecutive loops over the same data a thread finds its data in its cache. The lock only guards joining and
 * leaving. Idle threads watch `announcements` for a short time, then sleep on a condition. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "include/CPlatform.h"

#define THREAD_LIMIT 1024
/* Threads beyond this number start in a share that belongs to another thread too. */
#define SHARE_LIMIT 16
#define STACK_BYTES ((size_t)512 << 10)
/* About 30 to 80 µs, because processors differ in the duration of a pause. */
#define SPINS 2000

typedef struct loop {
  pf_body body;
  void *context;
  size_t count;
  size_t seats;  /* threads that may join the caller */
  size_t joined; /* threads that have joined; guarded by the lock */
  size_t shares;
  atomic_size_t taken[SHARE_LIMIT]; /* parts taken of each share; can exceed its size */
  atomic_size_t started;            /* parts started in all shares */
  atomic_size_t active; /* threads that joined and have not left */
  struct loop *following;
} loop;

typedef struct pool {
  pf_once sized, started;
  size_t thread_count; /* as requested, including the caller */
  size_t helpers;      /* as created */
  pthread_mutex_t lock;
  pthread_cond_t announced, left;
  size_t sleeping;
  loop *loops;
  atomic_uint announcements;
} pool;

#define NEW_POOL {.lock = PTHREAD_MUTEX_INITIALIZER, .announced = PTHREAD_COND_INITIALIZER, .left = PTHREAD_COND_INITIALIZER}
static pool the_pool = NEW_POOL;
/* Counts the forks between this process and the one that loaded the library. */
static atomic_uint generation;
static int survives_fork;

/* Whether this thread is inside a body. The TLS model needs no symbol of the loader. */
static _Thread_local int is_inside __attribute__((tls_model("initial-exec")));

/* The child has one thread, and locks that other threads held during the fork stay locked, so everything is
 * reinitialized. */
static void forget_pool(void) {
  static const pool fresh = NEW_POOL;
  memcpy(&the_pool, &fresh, sizeof the_pool);
  atomic_fetch_add(&generation, 1);
  is_inside = 0;
}

/* Registered at load time, because a fork can happen before or during the first loop. */
__attribute__((constructor)) static void watch_forks(void) {
  survives_fork = pthread_atfork(NULL, NULL, forget_pool) == 0;
}

/* The process of the holder, as a number of forks: never zero, and different in a child. */
static uint32_t claimant(void) { return atomic_load_explicit(&generation, memory_order_relaxed) << 1 | 1; }

int32_t pf_claim_take(pf_claim *claim) {
  uint32_t holder = atomic_load_explicit(&claim->holder, memory_order_relaxed);
  return holder != claimant() && atomic_compare_exchange_strong_explicit(&claim->holder, &holder, claimant(),
                                                                         memory_order_acquire, memory_order_relaxed);
}

void pf_claim_release(pf_claim *claim) { atomic_store_explicit(&claim->holder, 0, memory_order_release); }

static void spin_pause(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Runs parts of one share, from its first on. */
static void run_share(loop *l, size_t share, size_t worker) {
  size_t begin = l->count * share / l->shares, end = l->count * (share + 1) / l->shares;
  for (;;) {
    size_t index = begin + atomic_fetch_add_explicit(&l->taken[share], 1, memory_order_relaxed);
    if (index >= end) return;
    atomic_fetch_add_explicit(&l->started, 1, memory_order_relaxed);
    l->body(l->context, index, worker);
  }
}

/* `home`: the thread's number, which is the same in every loop. */
static void run_parts(loop *l, size_t home, size_t worker) {
  is_inside = 1;
  for (size_t i = 0; i < l->shares; i++) run_share(l, (home + i) % l->shares, worker);
  is_inside = 0;
}

static void run_inline(size_t count, pf_body body, void *context) {
  for (size_t index = 0; index < count; index++) body(context, index, 0);
}

/* A loop that still has parts and a free seat. The lock is held. */
static loop *open_loop(pool *p) {
  for (loop *l = p->loops; l; l = l->following)
    if (l->joined < l->seats && atomic_load_explicit(&l->started, memory_order_relaxed) < l->count) return l;
  return NULL;
}

static void *help(void *number) {
  pool *p = &the_pool;
  for (;;) {
    unsigned seen = atomic_load_explicit(&p->announcements, memory_order_acquire);
    pthread_mutex_lock(&p->lock);
    loop *l = open_loop(p);
    size_t worker = 0;
    if (l) {
      worker = ++l->joined;
      atomic_fetch_add_explicit(&l->active, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&p->lock);
    if (l) {
      run_parts(l, (size_t)number, worker);
      pthread_mutex_lock(&p->lock);
      /* The caller can return as soon as it sees the last thread leave, so `l` must not be used after this. */
      if (atomic_fetch_sub_explicit(&l->active, 1, memory_order_release) == 1) pthread_cond_broadcast(&p->left);
      pthread_mutex_unlock(&p->lock);
      continue;
    }
    for (size_t spin = 0; spin < SPINS; spin++) {
      if (atomic_load_explicit(&p->announcements, memory_order_relaxed) != seen) break;
      spin_pause();
    }
    pthread_mutex_lock(&p->lock);
    p->sleeping++;
    while (atomic_load_explicit(&p->announcements, memory_order_relaxed) == seen)
      pthread_cond_wait(&p->announced, &p->lock);
    p->sleeping--;
    pthread_mutex_unlock(&p->lock);
  }
  return NULL;
}

static void size_pool(void *context) {
  pool *p = context;
  int64_t cpus = (int64_t)pf_usable_cpus();
  p->thread_count = (size_t)pf_environment_integer("PCLIP_THREADS", 1, THREAD_LIMIT,
                                                   cpus < THREAD_LIMIT ? cpus : THREAD_LIMIT);
}

size_t pf_thread_count(void) {
  pf_run_once(&the_pool.sized, size_pool, &the_pool);
  return the_pool.thread_count;
}

/* Signals are delivered to the program's own threads. */
static void start_pool(void *context) {
  pool *p = context;
  pthread_attr_t attributes;
  if (!survives_fork || pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigset_t every_signal, previous;
  sigfillset(&every_signal);
  pthread_sigmask(SIG_SETMASK, &every_signal, &previous);
  pthread_t thread;
  while (p->helpers + 1 < p->thread_count &&
         pthread_create(&thread, &attributes, help, (void *)(p->helpers + 1)) == 0)
    p->helpers++;
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
  pthread_attr_destroy(&attributes);
}

static void announce(pool *p, loop *l) {
  pthread_mutex_lock(&p->lock);
  l->following = p->loops;
  p->loops = l;
  atomic_fetch_add_explicit(&p->announcements, 1, memory_order_release);
  size_t wanted = p->sleeping < l->seats ? p->sleeping : l->seats;
  pthread_mutex_unlock(&p->lock);
  if (wanted > 1) pthread_cond_broadcast(&p->announced);
  if (wanted == 1) pthread_cond_signal(&p->announced);
}

/* Removes the loop from the list, so that no thread joins any more, and waits for those that joined. */
static void withdraw(pool *p, loop *l) {
  pthread_mutex_lock(&p->lock);
  loop **link = &p->loops;
  while (*link != l) link = &(*link)->following;
  *link = l->following;
  pthread_mutex_unlock(&p->lock);
  for (size_t spin = 0; spin < SPINS; spin++) {
    if (atomic_load_explicit(&l->active, memory_order_acquire) == 0) return;
    spin_pause();
  }
  pthread_mutex_lock(&p->lock);
  while (atomic_load_explicit(&l->active, memory_order_acquire) > 0) pthread_cond_wait(&p->left, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

void pf_parallel_for(size_t count, size_t max_threads, pf_body body, void *context) {
  size_t threads = pf_thread_count();
  if (max_threads > 0 && max_threads < threads) threads = max_threads;
  if (count < threads) threads = count;
  if (threads <= 1 || is_inside) {
    run_inline(count, body, context);
    return;
  }
  pool *p = &the_pool;
  pf_run_once(&p->started, start_pool, p);
  if (p->helpers == 0) {
    run_inline(count, body, context);
    return;
  }
  loop l = {.body = body, .context = context, .count = count, .seats = threads - 1,
            .shares = threads < SHARE_LIMIT ? threads : SHARE_LIMIT};
  unsigned born = atomic_load_explicit(&generation, memory_order_relaxed);
  announce(p, &l);
  run_parts(&l, 0, 0);
  /* The body forked: in the child, the parts of other threads are lost and there are no threads to wait for. */
  if (atomic_load_explicit(&generation, memory_order_relaxed) == born) withdraw(p, &l);
}
