/* Writes weights: packs them into panels, and unpacks them: the definition. Panel p holds outputs 16 p …; within it the inputs are
 * consecutive, sixteen outputs each (int8: four inputs of one output together). */
#include "bits.h"
#include "include/pk_math.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

typedef float quad __attribute__((vector_size(16), aligned(4)));

/* Four rows × four columns, from row-major to columns of a panel. */
static inline void transpose(const float *a_row, const float *b_row, const float *c_row, const float *d_row,
                             float *panel) {
  quad a = *(const quad *)a_row, b = *(const quad *)b_row, c = *(const quad *)c_row, d = *(const quad *)d_row;
  quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(quad *)panel = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  *(quad *)(panel + PK_PANEL) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  *(quad *)(panel + 2 * PK_PANEL) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  *(quad *)(panel + 3 * PK_PANEL) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

static size_t up_to(size_t limit, size_t begin, size_t end) {
  size_t count = end > begin ? end - begin : 0;
  return count < limit ? count : limit;
}

/* Inputs [begin, begin + count) of one panel in FP32, [count][16]; zero beyond n and k. Four rows at a time, because
 * more rows can compete for the same cache set. */
static void pack_block(size_t n, size_t k, size_t panel, size_t begin, size_t count, const float *w, size_t ldw,
                       float *block) {
  size_t rows = up_to(PK_PANEL, panel * PK_PANEL, n), columns = up_to(count, begin, k);
  if (rows < PK_PANEL || columns < count) memset(block, 0, count * PK_PANEL * sizeof *block);
  w += panel * PK_PANEL * ldw + begin;
  for (size_t row = 0; row < rows; row += 4, w += 4 * ldw, block += 4) {
    size_t i = 0;
    if (row + 4 <= rows)
      for (; i + 4 <= columns; i += 4)
        transpose(w + i, w + ldw + i, w + 2 * ldw + i, w + 3 * ldw + i, block + i * PK_PANEL);
    for (; i < columns; i++)
      for (size_t lane = 0; lane < up_to(4, row, rows); lane++) block[i * PK_PANEL + lane] = w[lane * ldw + i];
  }
}

void pack_f32_scalar(size_t n, size_t k, size_t k_padded, size_t panel_begin, size_t panel_end, const float *w,
                     size_t ldw, float *panels) {
  for (size_t panel = panel_begin; panel < panel_end; panel++, panels += k_padded * PK_PANEL)
    pack_block(n, k, panel, 0, k_padded, w, ldw, panels);
}

static int is_finite(float x) { return (pk_bits(x) & 0x7F800000u) != 0x7F800000u; }

size_t f32_to_f16_scalar(size_t count, const float *x, uint16_t *y) {
  size_t overflow = count;
  for (size_t i = 0; i < count; i++) {
    y[i] = pk_f32_to_f16(x[i]);
    if ((y[i] & 0x7FFFu) == 0x7C00u && is_finite(x[i]) && overflow == count) overflow = i;
  }
  return overflow;
}

size_t pk_pack_f16_with(const pk_writing_kernels *kernels, size_t n, size_t k, size_t k_padded, size_t panel_begin,
                        size_t panel_end, const float *w, size_t ldw, uint16_t *panels) {
  float block[PK_SUM_BLOCK * PK_PANEL];
  size_t overflow = n * k;
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    for (size_t begin = 0; begin < k_padded; begin += PK_SUM_BLOCK) {
      size_t count = k_padded - begin < PK_SUM_BLOCK ? k_padded - begin : PK_SUM_BLOCK;
      pack_block(n, k, panel, begin, count, w, ldw, block);
      size_t bad = kernels->f32_to_f16(count * PK_PANEL, block, panels);
      if (bad < count * PK_PANEL && overflow == n * k)
        overflow = (panel * PK_PANEL + bad % PK_PANEL) * k + begin + bad / PK_PANEL;
      panels += count * PK_PANEL;
    }
  }
  return overflow;
}

size_t pack_f16_scalar(size_t n, size_t k, size_t k_padded, size_t panel_begin, size_t panel_end, const float *w,
                       size_t ldw, uint16_t *panels) {
  return pk_pack_f16_with(&pk_writing_scalar, n, k, k_padded, panel_begin, panel_end, w, ldw, panels);
}

float pk_s8_scale(float absmax) { return absmax / 127.0f; }

void quantize_weights_s8_scalar(size_t count, const float *w, float scale, int8_t *q) {
  for (size_t i = 0; i < count; i++)
    q[i] = (int8_t)(scale > 0 ? pk_clamp(pk_round_to_int(w[i] / scale), -127, 127) : 0);
}

void pk_pack_s8_with(const pk_writing_kernels *kernels, size_t n, size_t k, size_t k_padded, size_t panel_begin,
                     size_t panel_end, const float *w, size_t ldw, const float *scale, int8_t *panels,
                     int32_t *sums) {
  int8_t q[PK_SUM_BLOCK];
  for (size_t panel = panel_begin; panel < panel_end; panel++, panels += k_padded * PK_PANEL) {
    for (size_t lane = 0; lane < PK_PANEL; lane++) {
      size_t row = panel * PK_PANEL + lane;
      int32_t sum = 0;
      for (size_t begin = 0; begin < k_padded; begin += PK_SUM_BLOCK) {
        size_t stored = k_padded - begin < PK_SUM_BLOCK ? k_padded - begin : PK_SUM_BLOCK;
        size_t count = row >= n || begin >= k ? 0 : k - begin < stored ? k - begin : stored;
        if (count > 0) kernels->quantize_weights_s8(count, w + row * ldw + begin, scale[row], q);
        memset(q + count, 0, stored - count);
        for (size_t i = 0; i < stored; i++) sum += q[i];
        for (size_t i = 0; i < stored; i += 4)
          memcpy(panels + ((begin + i) / 4 * PK_PANEL + lane) * 4, q + i, 4);
      }
      *sums++ = sum;
    }
  }
}

void pack_s8_scalar(size_t n, size_t k, size_t k_padded, size_t panel_begin, size_t panel_end, const float *w,
                    size_t ldw, const float *scale, int8_t *panels, int32_t *sums) {
  pk_pack_s8_with(&pk_writing_scalar, n, k, k_padded, panel_begin, panel_end, w, ldw, scale, panels, sums);
}

void pk_unpack_f32(size_t n, size_t k, size_t k_padded, const float *panels, float *w, size_t ldw) {
  for (size_t row = 0; row < n; row++)
    for (size_t i = 0; i < k; i++)
      w[row * ldw + i] = panels[(row / PK_PANEL * k_padded + i) * PK_PANEL + row % PK_PANEL];
}

void pk_unpack_f16(size_t n, size_t k, size_t k_padded, const uint16_t *panels, float *w, size_t ldw) {
  for (size_t row = 0; row < n; row++)
    for (size_t i = 0; i < k; i++)
      w[row * ldw + i] = pk_f16_to_f32(panels[(row / PK_PANEL * k_padded + i) * PK_PANEL + row % PK_PANEL]);
}

void pk_unpack_s8(size_t n, size_t k, size_t k_padded, const int8_t *panels, const float *scale, float *w,
                  size_t ldw) {
  for (size_t row = 0; row < n; row++)
    for (size_t i = 0; i < k; i++)
      w[row * ldw + i] =
          (float)panels[(row / PK_PANEL * k_padded + i / 4 * 4) * PK_PANEL + row % PK_PANEL * 4 + i % 4] *
          scale[row];
}
