/* The kernels that write weights with the including file's instruction set. WIDE_WRITING is the name of their table. */
#ifndef PK_WIDE_WRITING_H
#define PK_WIDE_WRITING_H

INLINE float row_absmax(size_t width, const float *x) {
  f32x16 lanes = {0};
  size_t i = 0;
  for (; i < whole_groups(width); i += WIDE) lanes = upper(lanes, magnitude(load(x + i)));
  if (i < width) lanes = upper(lanes, magnitude(load_part(x + i, width - i, 0)));
  return fold_upper(lanes);
}

static void absmax_rows_f32(size_t m, size_t width, const float *x, size_t ldx, float *y) {
  for (size_t row = 0; row < m; row++) y[row] = row_absmax(width, x + row * ldx);
}

static void quantize_weights_s8(size_t count, const float *w, float scale, int8_t *q) {
  size_t i = 0;
  if (scale > 0) {
    for (; i < whole_groups(count); i += WIDE) store_s8(q + i, clamp(round_to_int(load(w + i) / scale), -127, 127));
  }
  for (; i < count; i++) q[i] = (int8_t)(scale > 0 ? pk_clamp(pk_round_to_int(w[i] / scale), -127, 127) : 0);
}

static size_t f32_to_f16(size_t count, const float *x, uint16_t *y) {
  size_t overflow = count;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    f32x8 v = *(const f32x8 *)(x + i);
    *(f16x8 *)(void *)(y + i) = __builtin_convertvector(v, f16x8);
    i32x8 bits = (i32x8)v & 0x7FFFFFFF, too_large = (bits > 0x477FEFFF) & (bits <= 0x7F7FFFFF);
    if (overflow == count && __builtin_reduce_or(too_large) != 0)
      for (overflow = i; too_large[overflow - i] == 0;) overflow++;
  }
  size_t rest = f32_to_f16_scalar(count - i, x + i, y + i);
  return overflow < count ? overflow : i + rest;
}

static size_t pack_f16(size_t n, size_t k, size_t k_padded, size_t panel_begin, size_t panel_end, const float *w,
                       size_t ldw, uint16_t *panels) {
  return pk_pack_f16_with(&WIDE_WRITING, n, k, k_padded, panel_begin, panel_end, w, ldw, panels);
}

static void pack_s8(size_t n, size_t k, size_t k_padded, size_t panel_begin, size_t panel_end, const float *w,
                    size_t ldw, const float *scale, int8_t *panels, int32_t *sums) {
  pk_pack_s8_with(&WIDE_WRITING, n, k, k_padded, panel_begin, panel_end, w, ldw, scale, panels, sums);
}

const pk_writing_kernels WIDE_WRITING = {
#define PK_WRITING_KERNEL(name, agreement, result, parameters) .name = name,
#include "include/kernels.def"
};

#endif
