#include "rounding.h"

#pragma STDC FP_CONTRACT OFF

/* Adding and subtracting 1.5 · 2^52 rounds a number below 2^51 to an integer, half to even. */
static const double SHIFT = 0x1.8p52;

static size_t least(size_t one, size_t other) { return one < other ? one : other; }

static double clamped(double value, double limit) {
  return value > limit ? limit : value < -limit ? -limit : value;
}

#define JOIN_(name, suffix) name##_##suffix
#define JOIN(name, suffix) JOIN_(name, suffix)
#define NAME(name) JOIN(name, LEVEL)

#define LEVEL baseline
#define LANES 2
#define TARGET
#include "level.h"
#undef LEVEL
#undef LANES
#undef TARGET

#ifdef __x86_64__
#define LEVEL avx2
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#include "level.h"
#undef LEVEL
#undef LANES
#undef TARGET

#define LEVEL avx512
#define LANES 8
#define TARGET __attribute__((target("avx512f")))
#include "level.h"
#undef LEVEL
#undef LANES
#undef TARGET
#endif

cr_level cr_fastest_level(void) {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return CR_AVX512;
  if (__builtin_cpu_supports("avx2")) return CR_AVX2;
#endif
  return CR_BASELINE;
}

#ifdef __x86_64__
#define CALL(name, ...)                                \
  switch (level) {                                     \
    case CR_AVX512: return JOIN(name, avx512)(__VA_ARGS__); \
    case CR_AVX2: return JOIN(name, avx2)(__VA_ARGS__);     \
    case CR_BASELINE: return JOIN(name, baseline)(__VA_ARGS__); \
  }                                                    \
  __builtin_unreachable()
#else
#define CALL(name, ...) \
  (void)level;          \
  return JOIN(name, baseline)(__VA_ARGS__)
#endif

void cr_pack_inputs(cr_level level, size_t row_count, size_t width, const float *x, double factor, size_t first,
                    size_t last, double *panels) {
  CALL(pack_inputs, row_count, width, x, factor, first, last, panels);
}

void cr_add_products(cr_level level, size_t row_count, size_t panel_count, size_t panel, const double *panels,
                     double *sums, size_t stride) {
  CALL(add_products, row_count, panel_count, panel, panels, sums, stride);
}

int cr_eliminate_block(cr_level level, size_t first, size_t count, double *matrix, size_t stride, double *quotients) {
  CALL(eliminate_block, first, count, matrix, stride, quotients);
}

void cr_eliminate_below(cr_level level, size_t first, size_t count, size_t panel, const double *quotients,
                        double *matrix, size_t stride, double *scratch) {
  CALL(eliminate_below, first, count, panel, quotients, matrix, stride, scratch);
}

void cr_divide_rows(cr_level level, size_t first, size_t last, double *matrix, size_t stride) {
  CALL(divide_rows, first, last, matrix, stride);
}

void cr_round_rows(cr_level level, size_t row_count, size_t width, const float *rows, const float *scales,
                   const double *matrix, size_t stride, int8_t *q, double *errors) {
  CALL(round_rows, row_count, width, rows, scales, matrix, stride, q, errors);
}
