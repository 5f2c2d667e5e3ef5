/* What this processor can do at best: loops of nothing but its widest multiply-add, to be timed by the caller.
 * Not part of the runtime: the command line's `bench` and two programs of Benchmarks/micro link it. */
#ifndef CPEAK_H
#define CPEAK_H

#include <stdint.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

typedef enum cpeak_arithmetic {
  CPEAK_FP32 = 0,
  CPEAK_INT8 = 1, /* 8-bit factors, 32-bit sums */
  CPEAK_BF16 = 2, /* BF16 factors, FP32 sums */
} cpeak_arithmetic;

typedef struct cpeak_loop {
  /* Keeps one thread busy for about a millisecond, on registers alone. */
  void (*_Nullable run)(void);
  /* Operations of one call: a multiply-add counts as two. */
  double operations;
} cpeak_loop;

/* The loop of the widest instruction that this processor has; 0 where none is known for its kind. */
int32_t cpeak_loop_for(cpeak_arithmetic arithmetic, cpeak_loop *loop);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
