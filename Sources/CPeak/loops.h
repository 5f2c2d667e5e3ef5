/* The measuring loops, by kind of instruction. */
#ifndef CPEAK_LOOPS_H
#define CPEAK_LOOPS_H

#include "include/CPeak.h"

typedef struct loop {
  void (*run)(void);  /* computes for about a fifth of a millisecond, using registers only; null: none */
  double operations; /* of one call */
} loop;

loop vector_loop(cpeak_arithmetic arithmetic);
loop tile_loop(cpeak_arithmetic arithmetic);

#endif
