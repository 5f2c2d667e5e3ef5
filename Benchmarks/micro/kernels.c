/* Single-thread speed of the matrix products, as a share of the peak of one core of this machine.
 *
 *   clang -std=c11 -D_GNU_SOURCE -O2 -ISources/CKernels/include -ISources/CPlatform/include -ISources/CPeak/include \
 *     Benchmarks/micro/kernels.c $(find Sources/CKernels Sources/CPlatform Sources/CPeak -name "*.c") -lpthread \
 *     -o .build/kernels && .build/kernels
 *
 * "hot": the same weights repeatedly, from the second-level cache. "streamed": a new copy for every product, from
 * memory, as in one pass over a model. The peak is measured with the widest instruction of the machine for these
 * factors, AMX included, independent of the kernels: independent multiply-adds on registers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "CKernels.h"
#include "CPeak.h"
#include "CPlatform.h"

#define STREAM_BYTES ((size_t)256 << 20)

/* Processor time of this thread: another program on the same core does not count. */
static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* The most multiply-adds per second of this core, with tiles if the machine has them; 0 if no loop is known. */
static double peak_of(cpeak_arithmetic vectors, cpeak_arithmetic tiles) {
  double best = cpeak_rate(vectors, 1, 200), with_tiles = cpeak_rate(tiles, 1, 200);
  return (best > with_tiles ? best : with_tiles) / 2;
}

enum kind { F32, F16, U8S8, U16S8, KINDS };
static const char *const kind_names[] = {"f32", "f16", "u8s8", "u16s8"};
static const size_t weight_bytes[] = {4, 2, 1, 1};

static void run(const pk_kernels *kernels, enum kind kind, const pk_product *product, size_t panels, const void *x,
                const pk_quantized_rows *rows, const uint8_t *w, float *y) {
  switch (kind) {
    case F32: kernels->gemm_f32(product, 0, panels, x, (const float *)(const void *)w, y); break;
    case F16: kernels->gemm_f16(product, 0, panels, x, (const uint16_t *)(const void *)w, y); break;
    case U8S8:
    case U16S8: kernels->gemm_u8s8(product, 0, panels, x, rows, (const int8_t *)w, y); break;
    case KINDS: break;
  }
}

/* Best rate of multiply-adds; `copies` of the weights are stored one after the other. */
static double rate(const pk_kernels *kernels, enum kind kind, size_t m, size_t n, size_t k, uint8_t *weights,
                   size_t copies) {
  int is_float = kind <= F16;
  size_t ldx = pk_row_stride(k, is_float ? 4 : 1);
  size_t row_bytes = ldx * (is_float ? 4 : kind == U16S8 ? 2 : 1);
  void *x = malloc(m * row_bytes);
  memset(x, 0x3F, m * row_bytes); /* 0.747 or 63 */
  float *y = calloc(m * n, sizeof *y), *scale = calloc(n, sizeof *scale);
  pk_quantization *quantizations = calloc(m, sizeof *quantizations);
  int32_t *sums = calloc(n, sizeof *sums);
  pk_product product = {.lines = 1, .line_rows = m, .x_row_stride = ldx, .segments = 1, .segment_inputs = k,
                        .y_row_stride = n, .epilogue = {.scale = scale, .bias = scale, .output_count = n}};
  pk_quantized_rows rows = {.rows = quantizations, .stride = 1, .weight_sums = sums,
                            .low_plane = kind == U16S8 ? m * ldx : 0};
  double best = 0, total = 0;
  for (size_t round = 0; total < 0.3 || round < 3; round++) {
    double begin = seconds();
    for (size_t copy = 0; copy < copies; copy++)
      run(kernels, kind, &product, n / PK_PANEL, x, &rows, weights + copy * n * k * weight_bytes[kind], y);
    double elapsed = seconds() - begin;
    total += elapsed;
    double speed = (double)(m * n * k * copies) / elapsed;
    if (speed > best) best = speed;
  }
  free(x), free(y), free(scale), free(quantizations), free(sums);
  return best;
}

int main(int count, char **arguments) {
  static const size_t shapes[][3] = {{1, 768, 768}, {50, 768, 768}, {50, 768, 3072}, {77, 512, 2048}, {800, 768, 768},
                                     {257, 1024, 1024}, {50, 64, 64}, {3136, 64, 576}};
  uint8_t *weights = pf_alloc_aligned(STREAM_BYTES, 64);
  memset(weights, 0x21, STREAM_BYTES); /* 5e-19, 0.01 or 33: no zeros and no subnormals */
  const char *only = count > 1 ? arguments[1] : NULL;
  double peak = peak_of(CPEAK_FP32, CPEAK_FP32), byte_peak = peak_of(CPEAK_INT8, CPEAK_INT8_TILES);
  double tile_pairs = cpeak_rate(CPEAK_INT8_TILES, 1, 200) / 4, pair_peak = peak_of(CPEAK_INT16, CPEAK_INT16);
  if (tile_pairs > pair_peak) pair_peak = tile_pairs; /* a factor of 16 bits is two bytes */
  const double bounds[KINDS] = {[F32] = peak, [F16] = peak, [U8S8] = byte_peak, [U16S8] = pair_peak};
  printf("peak %.0f GMAC/s float, %.0f int8, %.0f int16\n", peak * 1e-9, byte_peak * 1e-9, pair_peak * 1e-9);
  for (int isa = PK_ISA_COUNT - 1; isa >= 0; isa--) {
    const pk_kernels *kernels = pk_kernels_for((pk_isa)isa);
    if (!kernels || !pk_permitted((pk_isa)isa) || (only && strcmp(only, kernels->name) != 0)) continue;
    printf("%s\n", kernels->name);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
      size_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
      for (int kind = 0; kind < KINDS; kind++) {
        double bound = bounds[kind];
        size_t copies = STREAM_BYTES / (n * k * weight_bytes[kind]);
        if (copies > 60) copies = 60;
        double hot = rate(kernels, (enum kind)kind, m, n, k, weights, 1);
        double streamed = isa == 0 ? 0 : rate(kernels, (enum kind)kind, m, n, k, weights, copies);
        printf("  %4zu x %4zu x %4zu  %-4s  hot %6.1f GMAC/s (%3.0f %%)  streamed %6.1f (%3.0f %%, %5.1f GB/s)\n", m, n,
               k, kind_names[kind], hot * 1e-9, 100 * hot / bound, streamed * 1e-9, 100 * streamed / bound,
               streamed / (double)m * (double)weight_bytes[kind] * 1e-9);
      }
    }
  }
  return 0;
}
