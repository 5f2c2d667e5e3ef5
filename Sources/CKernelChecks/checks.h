/* Shared by all checks: operands, outputs of both sides, and their comparison. */
#ifndef PK_CHECKS_H
#define PK_CHECKS_H

#include <math.h>
#include <string.h>

#include "include/CKernelChecks.h"

#define CAPACITY 40000

#define PK_KERNEL(name, agreement, result, parameters) void check_##name(void);
#define PK_BF16_KERNEL(name, agreement, result, parameters) void check_bf16_##name(void);
#define PK_WRITING_KERNEL(name, agreement, result, parameters) void check_##name(void);
#define PK_RESIZE_KERNEL(name, agreement, result, parameters) void check_resize_##name(void);
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) void check_resize_##name(void);
#define PK_RESIZE_FLOAT_KERNEL(name, agreement, result, parameters) void check_resize_float_##name(void);
#include "kernels.def"

/* The tested tables, the definition, and whether the running kernel must have the definition's bits. */
extern const pk_kernels *tested, *scalar;
extern const pk_bf16_kernels *tested_bf16;
extern int has_scalar_bits;
extern pk_check_sums found_sums;

/* Operands: floats in [-1, 1) of varied magnitude; FP16 numbers that are finite. */
extern float a[CAPACITY], b[CAPACITY], c[CAPACITY];
extern uint8_t bytes[CAPACITY];
extern int8_t weights[CAPACITY];
extern uint16_t halves[CAPACITY];
extern int32_t sums[CAPACITY], ids[16];
/* Results of scalar and of the tested table, and the kernel's return value. */
extern uint8_t outputs[2][CAPACITY * sizeof(float)];
extern float more[2][16];

uint64_t next(void);
void fill(void);
void wrong(const char *what, size_t at);
void add_to(uint64_t *sum, const void *values, size_t byte_count);
static inline float *floats_of(int side) { return (float *)(void *)outputs[side]; }

/* Runs a statement that uses `k` (to write weights: `writing`) and `y` with both tables and compares `count` outputs, and `more`, bit by bit. */
#define SAME(type, count, what, statement)                                                  \
  do {                                                                                      \
    for (int side = 0; side < 2; side++) {                                                  \
      const pk_kernels *k = side ? tested : scalar;                                         \
      const pk_writing_kernels *writing = pk_writing_for(k->isa);                           \
      type *y = (type *)(void *)outputs[side];                                              \
      float *extra = more[side];                                                            \
      memset(y, 0x5A, sizeof outputs[side]);                                                \
      memset(extra, 0, sizeof more[side]);                                                  \
      statement;                                                                            \
      (void)extra, (void)writing;                                                                          \
    }                                                                                       \
    if (memcmp(outputs[0], outputs[1], (count) * sizeof(type)) || memcmp(more[0], more[1], sizeof more[0])) \
      wrong(what, count);                                                                   \
  } while (0)

/* Element counts around the widths of registers. */
static const size_t widths[] = {0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 64, 77, 768};
#define EACH_WIDTH(n) for (size_t w_ = 0, n; w_ < sizeof widths / sizeof *widths && (n = widths[w_], 1); w_++)

#endif
