/* The peak performance of this processor: loops that only contain its widest multiply-add, timed on several threads at
 * once. Not part of the runtime: the command line's `bench` and two programs of Benchmarks/micro link it. */
#ifndef CPEAK_H
#define CPEAK_H

#include <stdint.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

typedef enum cpeak_arithmetic {
  CPEAK_FP32 = 0,
  CPEAK_BF16 = 1,  /* BF16 factors, FP32 sums */
  CPEAK_INT8 = 2,  /* 8-bit factors, 32-bit sums */
  CPEAK_INT16 = 3, /* 16-bit by 8-bit factors, 32-bit sums: two 8-bit products where dot products of bytes exist */
  CPEAK_BF16_TILES = 4, /* BF16 and 8-bit factors in the tiles of AMX */
  CPEAK_INT8_TILES = 5,
} cpeak_arithmetic;

/* Operations per second of `threads` threads together: the best of several rounds, in which all threads compute at the
 * same time. A multiply-add counts as two. 0 if this kind of processor has no such instruction or no loop is known.
 *
 * For tiles, this asks the system to permit them to this process, for its lifetime; 0 if the system refuses. */
double cpeak_rate(cpeak_arithmetic arithmetic, int32_t threads, int32_t rounds);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
