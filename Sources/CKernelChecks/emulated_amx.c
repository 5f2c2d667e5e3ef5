/* The AMX kernels of CKernels, compiled for emulated tiles: they run on every processor. */
#include <math.h>

#include "emulated_tiles.h"
#include "include/CKernelChecks.h"
#include "rounding.h"

#define TILE_ROWS 14
#define TILE_PANELS 2
#define NARROW_ROWS 0
#pragma clang diagnostic ignored "-Wunused-function"
#include "../CKernels/wide_gemm.h"

/* Products of floats do not use tiles. */
static void tile_f32(const tile *t, tile_sums *sums) { (void)t, (void)sums; }
static void tile_f16(const tile *t, tile_sums *sums) { (void)t, (void)sums; }

/* A few rows, which the kernels multiply without tiles. */
static void tile_u8s8(const tile *t, tile_sums *sums) {
  memset(sums, 0, sizeof *sums);
  for (size_t r = 0; r < t->rows; r++)
    for (size_t p = 0; p < TILE_PANELS; p++)
      for (size_t i = 0; i < t->segments * t->segment_inputs; i++) {
        const size_t offset = i / t->segment_inputs * t->segment_stride + i % t->segment_inputs;
        const uint8_t *w = t->w + p * t->panel_bytes + i / 4 * 4 * PK_PANEL + i % 4;
        for (size_t n = 0; n < PK_PANEL; n++) sums->i[r][p][n] += t->x[r * t->row_stride + offset] * (int8_t)w[4 * n];
      }
}

/* As vcvtne2ps2bf16 does. */
static void store_pair(const uint8_t *w, uint8_t *pairs) {
  for (size_t n = 0; n < PK_PANEL; n++)
    for (size_t i = 0; i < 2; i++) {
      uint16_t half;
      memcpy(&half, w + 2 * (i * PK_PANEL + n), sizeof half);
      half = bf16_rounded(pk_f16_to_f32(half));
      memcpy(pairs + 2 * (2 * n + i), &half, sizeof half);
    }
}

#include "../CKernels/amx_gemm.h"

/* A product that leaves tiles live, or uses them as the processor refuses, fails every comparison: its first value is
 * NaN. */
static void check_tiles(const pk_product *product, float *y) {
  if ((emulated_faults > 0 || emulated_tiles_are_configured) && product->lines * product->line_rows > 0) *y = NAN;
  emulated_faults = 0;
}

static void gemm_bytes(const pk_product *product, size_t panel_begin, size_t panel_end, const uint8_t *x,
                       const pk_quantized_rows *rows, const int8_t *w, float *y) {
  gemm_u8s8_amx(product, panel_begin, panel_end, x, rows, w, y);
  check_tiles(product, y + panel_begin * PK_PANEL);
}

static void gemm_pairs(const pk_product *product, size_t panel_begin, size_t panel_end, const uint16_t *x,
                       const uint16_t *w, float *y) {
  gemm_bf16_amx(product, panel_begin, panel_end, x, w, y);
  check_tiles(product, y + panel_begin * PK_PANEL);
}

static void round_rows(size_t m, size_t k, const float *x, size_t ldx, uint16_t *y, size_t ldy) {
  for (size_t row = 0; row < m; row++)
    for (size_t i = 0; i < (k + 3) / 4 * 4; i++) y[row * ldy + i] = i < k ? bf16_rounded(x[row * ldx + i]) : 0;
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
static const pk_kernels kernels = {
    .isa = PK_ISA_AMX,
    .fuses = 0,
    .name = "amx, emulated",
#define PK_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "kernels.def"
    .gemm_u8s8 = gemm_bytes,
};
#pragma clang diagnostic pop

static const pk_bf16_kernels bf16_kernels = {.round_rows = round_rows, .gemm = gemm_pairs};

pk_check_subject pk_check_emulated_amx(void) { return (pk_check_subject){&kernels, &bf16_kernels}; }
