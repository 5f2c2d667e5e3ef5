/* The peak performance of this processor: loops that only contain its widest multiply-add, which the caller times.
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
  /* Keeps one thread busy for about a millisecond, using registers only. */
  void (*_Nullable run)(void);
  /* Operations of one call: a multiply-add counts as two. */
  double operations;
} cpeak_loop;

/* The loop of this processor's widest instruction; 0 if none is known for this kind of processor. */
int32_t cpeak_loop_for(cpeak_arithmetic arithmetic, cpeak_loop *loop);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
