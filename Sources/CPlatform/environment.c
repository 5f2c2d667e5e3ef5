#include <stdlib.h>
#include <time.h>

#include "include/CPlatform.h"

uint64_t pf_monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const char *pf_environment(const char *name) {
  const char *text = getenv(name);
  return text && *text ? text : NULL;
}

int64_t pf_environment_integer(const char *name, int64_t minimum, int64_t maximum, int64_t fallback) {
  const char *text = pf_environment(name);
  if (!text) return fallback;
  int is_negative = *text == '-';
  text += is_negative;
  int64_t value = 0;
  for (size_t digits = 0; *text; text++, digits++) {
    if (*text < '0' || *text > '9' || digits == 18) return fallback;
    value = value * 10 + (*text - '0');
  }
  if (text[-1] == '-') return fallback;
  if (is_negative) value = -value;
  return value < minimum || value > maximum ? fallback : value;
}

enum { ONCE_NEW, ONCE_RUNNING, ONCE_DONE };

void pf_run_once(pf_once *once, void (*body)(void *), void *context) {
  uint32_t state = atomic_load_explicit(&once->state, memory_order_acquire);
  if (state == ONCE_DONE) return;
  state = ONCE_NEW;
  if (atomic_compare_exchange_strong(&once->state, &state, ONCE_RUNNING)) {
    body(context);
    atomic_store_explicit(&once->state, ONCE_DONE, memory_order_release);
    return;
  }
  const struct timespec pause = {0, 50000};
  while (atomic_load_explicit(&once->state, memory_order_acquire) != ONCE_DONE) nanosleep(&pause, NULL);
}
