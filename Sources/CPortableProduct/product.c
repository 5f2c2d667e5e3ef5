#include "portable_product.h"

/* Rows of a tile, and rows whose packed values are kept while all panels of columns are processed: 192 · 4096 FP64
 * values are 6 MB. */
enum { TILE_ROWS = 6, CHUNK_ROWS = 32 * TILE_ROWS };
/* Columns of the widest panel. */
enum { MAX_PANEL_COLUMNS = 16 };

static size_t least(size_t one, size_t other) { return one < other ? one : other; }

#define JOIN_(name, suffix) name##_##suffix
#define JOIN(name, suffix) JOIN_(name, suffix)
#define NAME(name) JOIN(name, LEVEL)

#define LEVEL baseline
#define LANES 2
#define TARGET
#include "tile.h"
#undef LEVEL
#undef LANES
#undef TARGET

#ifdef __x86_64__
#define LEVEL avx2
#define LANES 4
#define TARGET __attribute__((target("avx2,fma")))
#include "tile.h"
#undef LEVEL
#undef LANES
#undef TARGET

#define LEVEL avx512
#define LANES 8
#define TARGET __attribute__((target("avx512f")))
#include "tile.h"
#undef LEVEL
#undef LANES
#undef TARGET

static int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#endif

pp_level pp_fastest_level(void) {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (has_avx512()) return PP_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return PP_AVX2;
#endif
  return PP_BASELINE;
}

size_t pp_workspace(size_t k) { return k * (CHUNK_ROWS + MAX_PANEL_COLUMNS); }

void pp_multiply(pp_level level, size_t m, size_t n, size_t k, float scale, pp_matrix a, pp_matrix b, float *c,
                 size_t c_stride, double *workspace) {
  switch (level) {
#ifdef __x86_64__
    case PP_AVX512: multiply_avx512(m, n, k, scale, a, b, c, c_stride, workspace); return;
    case PP_AVX2: multiply_avx2(m, n, k, scale, a, b, c, c_stride, workspace); return;
#else
    case PP_AVX512:
    case PP_AVX2:
#endif
    case PP_BASELINE: multiply_baseline(m, n, k, scale, a, b, c, c_stride, workspace); return;
  }
}
