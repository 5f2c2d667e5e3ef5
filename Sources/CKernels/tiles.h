/* Tiles of 6 rows × 1 panel for instruction sets whose registers are narrower than a panel. The including file
 * defines `LANES`, a register's floats; `PARTS`, the registers of a row that are summed at a time, so that 6 × PARTS
 * sums and their operands fit the register file; and the functions declared here. With `FEW_BYTES` there are fewer
 * heights and the weights are widened separately: slower, for processors that are rare. */
#ifndef PK_TILES_H
#define PK_TILES_H

#define TILE_ROWS 6
#define TILE_PANELS 1
#define NARROW_ROWS 0
#if defined(PAIR_PRODUCTS) && !defined(FEW_BYTES)
#define TWO_BYTES sum_pairs
#endif
#include "wide_gemm.h"

typedef float floats __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t integers __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint32_t words __attribute__((ext_vector_type(LANES), aligned(4)));

/* sum + x · w, fused if the processor supports it. */
INLINE floats multiply_add(floats x, floats w, floats sum);
/* LANES adjacent FP16 numbers. */
INLINE floats widen_f16(const uint16_t *x);

#define UNROLLED _Pragma("clang loop unroll(full)")
#define EACH_PART UNROLLED for (size_t p = 0; p < PARTS; p++)
#define EACH_SUM UNROLLED for (size_t r = 0; r < rows; r++) EACH_PART
/* The first lane of each group of registers that is summed at a time. */
#define EACH_PASS for (size_t first = 0; first < PK_PANEL; first += PARTS * LANES)

/* Hides where a pointer came from, so the compiler reloads through it instead of keeping values in registers that the
 * sums need, and does not recompute the pointer in each step. */
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

/* Rows of x: two pointers and a stride for six rows. The last row has its own pointer, so that code for an even
 * height can compute the last row of an odd height twice. */
typedef struct row_pointers {
  const uint8_t *first, *fourth, *last;
  size_t stride;
} row_pointers;

INLINE row_pointers rows_at(const tile *t, size_t offset) {
  const uint8_t *x = t->x + offset, *fourth = x + 3 * t->row_stride;
  OPAQUE(fourth);
  return (row_pointers){x, fourth, x + (t->rows - 1) * t->row_stride, t->row_stride};
}

INLINE void advance(row_pointers *x, size_t bytes) {
  x->first += bytes;
  x->fourth += bytes;
  x->last += bytes;
}

#define ROW(r) ((r) + 1 == rows ? x.last : ((r) < 3 ? x.first : x.fourth) + (r) % 3 * x.stride)

/* Each height is a separate function, because together they would compete for registers. */
#define HEIGHT(name, rows)                                                                 \
  static __attribute__((noinline)) void name##_##rows(const tile *t, tile_sums *sums) {    \
    sum_##name(rows, t, sums);                                                             \
  }

#define EVEN_HEIGHTS(name)                                   \
  HEIGHT(name, 2)                                            \
  HEIGHT(name, 4)                                            \
  HEIGHT(name, 6)                                            \
  static void tile_##name(const tile *t, tile_sums *sums) {  \
    switch ((t->rows + 1) / 2) {                             \
      case 1: name##_2(t, sums); break;                      \
      case 2: name##_4(t, sums); break;                      \
      default: name##_6(t, sums); break;                     \
    }                                                        \
  }

#ifdef FEW_BYTES
#define EACH_HEIGHT EVEN_HEIGHTS
#else
#define EACH_HEIGHT(name)                                    \
  HEIGHT(name, 1)                                            \
  HEIGHT(name, 2)                                            \
  HEIGHT(name, 3)                                            \
  HEIGHT(name, 4)                                            \
  HEIGHT(name, 5)                                            \
  HEIGHT(name, 6)                                            \
  static void tile_##name(const tile *t, tile_sums *sums) {  \
    switch (t->rows) {                                       \
      case 1: name##_1(t, sums); break;                      \
      case 2: name##_2(t, sums); break;                      \
      case 3: name##_3(t, sums); break;                      \
      case 4: name##_4(t, sums); break;                      \
      case 5: name##_5(t, sums); break;                      \
      default: name##_6(t, sums); break;                     \
    }                                                        \
  }
#endif

/* ---- Floating point: blocks of PK_SUM_BLOCK inputs, each summed from zero, then added to the totals. ---- */

/* Input i of a step, for the LANES outputs from `output` on. */
typedef floats weights_of(const uint8_t *step, size_t i, size_t output);

INLINE floats weights_f32(const uint8_t *step, size_t i, size_t output) {
  return *(const floats *)(const void *)(step + (i * PK_PANEL + output) * sizeof(float));
}

INLINE floats weights_f16(const uint8_t *step, size_t i, size_t output) {
  return widen_f16((const uint16_t *)(const void *)step + i * PK_PANEL + output);
}


/* A step is `inputs` inputs, `step_bytes` of a panel. Weights that are not FP32 are stored in FP32 for other rows.
 * The weights of the next call are prefetched, which halves the time if they come from memory. */
INLINE void sum_floats(weights_of *weights, const size_t inputs, const size_t step_bytes, const size_t rows,
                       const tile *t, tile_sums *sums) {
  EACH_PASS {
    const uint8_t *w = t->w;
    float *widened = weights != weights_f32 ? t->widened[0] + first : NULL;
    floats block[TILE_ROWS][PARTS];
    EACH_SUM block[r][p] = 0;
    if (t->begin == 0) EACH_SUM *(floats *)&sums->f[r][0][first + p * LANES] = 0;
    for (size_t i = t->begin; i < t->end;) {
      const float_run run = next_run(t, i);
      row_pointers x = rows_at(t, run.offset);
      i += run.inputs;
      for (size_t rest = run.inputs; rest > 0; rest -= inputs, w += step_bytes) {
        if (widened) __builtin_prefetch(w + WIDENED_INPUTS * step_bytes / inputs);
        UNROLLED for (size_t j = 0; j < inputs; j++) {
          floats column[PARTS];
          EACH_PART column[p] = weights(w, j, first + p * LANES);
          OPAQUE(w);
          if (widened) {
            EACH_PART *(floats *)(widened + p * LANES) = column[p];
            widened += PK_PANEL;
          }
          EACH_SUM block[r][p] = multiply_add(*(const float *)(const void *)ROW(r), column[p], block[r][p]);
          advance(&x, sizeof(float));
        }
      }
      if (i % PK_SUM_BLOCK != 0 && i != t->end) continue;
      EACH_SUM {
        *(floats *)&sums->f[r][0][first + p * LANES] += block[r][p];
        block[r][p] = 0;
      }
    }
  }
}

INLINE void sum_f32(const size_t rows, const tile *t, tile_sums *sums) {
  sum_floats(weights_f32, 1, PK_PANEL * sizeof(float), rows, t, sums);
}

INLINE void sum_f16(const size_t rows, const tile *t, tile_sums *sums) {
  sum_floats(weights_f16, 1, PK_PANEL * sizeof(uint16_t), rows, t, sums);
}

EACH_HEIGHT(f32)

#ifdef FEW_BYTES
INLINE void sum_widened(const tile *t, tile_sums *sums) {
  tile wide = *t;
  wide.w = (const uint8_t *)t->widened;
  tile_f32(&wide, sums);
}

static void tile_f16(const tile *t, tile_sums *sums) {
  const size_t count = (t->end - t->begin) * PK_PANEL;
  const uint16_t *w = (const uint16_t *)(const void *)t->w;
  for (size_t i = 0; i < count; i += LANES) *(floats *)&t->widened[0][i] = widen_f16(w + i);
  sum_widened(t, sums);
}

#else
/* The first tile of a group, which widens weights for the others, only needs even heights. */
EVEN_HEIGHTS(f16)
#endif

/* ---- Integers: four inputs of a panel at a time. ---- */

/* Adds the products of the rows' next four inputs, of `four_bytes` bytes, with those of PARTS registers of outputs. */
typedef void add_products(const size_t rows, row_pointers x, const uint8_t *w, integers total[TILE_ROWS][PARTS]);

INLINE void sum_integers(add_products *add, const size_t four_bytes, const size_t rows, const tile *t, tile_sums *sums) {
  EACH_PASS {
    const uint8_t *w = t->w + first * 4;
    integers total[TILE_ROWS][PARTS];
    EACH_SUM total[r][p] = 0;
    for (size_t s = 0; s < t->segments; s++) {
      row_pointers x = rows_at(t, s * t->segment_stride);
      for (size_t i = 0; i < t->segment_inputs; i += 4, w += 4 * PK_PANEL) {
        __builtin_prefetch(w + t->ahead);
        add(rows, x, w, total);
        advance(&x, four_bytes);
      }
    }
    EACH_SUM *(integers *)&sums->i[r][0][first + p * LANES] = total[r][p];
  }
}

INLINE int32_t four_inputs(const uint8_t *x) {
  int32_t bytes;
  memcpy(&bytes, x, sizeof bytes);
  return bytes;
}

#ifdef PAIR_PRODUCTS
/* vpmaddubsw adds two products in 16 bits and saturates at 2 · 255 · 127. So both sides are widened to 16 bits, even
 * and odd inputs separately, and vpmaddwd adds pairs of products in 32 bits, which is exact for any int8. */

typedef int16_t shorts __attribute__((ext_vector_type(2 * LANES), aligned(2)));
typedef uint16_t unsigned_shorts __attribute__((ext_vector_type(2 * LANES), aligned(2)));

INLINE shorts even_bytes(shorts v) { return (shorts)((unsigned_shorts)v << 8) >> 8; }

INLINE void add_pairs(const size_t rows, row_pointers x, const uint8_t *w, integers total[TILE_ROWS][PARTS]) {
  shorts even[PARTS], odd[PARTS];
  EACH_PART {
    shorts bytes = *(const shorts *)(const void *)(w + p * LANES * 4);
    even[p] = even_bytes(bytes);
    odd[p] = bytes >> 8;
  }
  UNROLLED for (size_t r = 0; r < rows; r++) {
    integers four = four_inputs(ROW(r));
    unsigned_shorts x_even = (unsigned_shorts)four & 0xFF, x_odd = (unsigned_shorts)four >> 8;
    EACH_PART {
      total[r][p] += (integers)PAIR_PRODUCTS(even[p], x_even);
      total[r][p] += (integers)PAIR_PRODUCTS(odd[p], x_odd);
    }
  }
}

INLINE void sum_u8s8(const size_t rows, const tile *t, tile_sums *sums) { sum_integers(add_pairs, 4, rows, t, sums); }
EACH_HEIGHT(u8s8)

#ifndef FEW_BYTES
/* ---- Two bytes per activation, as one 16-bit factor of vpmaddwd. ---- */

/* The sum of this many products, each at most 32768 · 128, fits 32 bits. */
#define PAIRED_INPUTS ((size_t)384)

/* Inputs as x − 32768. In each group of four, inputs 0 and 2 come before inputs 1 and 3. */
typedef int16_t paired_row[PAIRED_INPUTS];

INLINE void add_shorts(const size_t rows, row_pointers x, const uint8_t *w, integers total[TILE_ROWS][PARTS]) {
  shorts even[PARTS], odd[PARTS];
  EACH_PART {
    shorts bytes = *(const shorts *)(const void *)(w + p * LANES * 4);
    even[p] = even_bytes(bytes);
    odd[p] = bytes >> 8;
  }
  UNROLLED for (size_t r = 0; r < rows; r++) {
    integers x_even = four_inputs(ROW(r)), x_odd = four_inputs(ROW(r) + 4);
    EACH_PART {
      total[r][p] += (integers)PAIR_PRODUCTS(even[p], x_even);
      total[r][p] += (integers)PAIR_PRODUCTS(odd[p], x_odd);
    }
  }
}

INLINE void sum_shorts(const size_t rows, const tile *t, tile_sums *sums) { sum_integers(add_shorts, 8, rows, t, sums); }
EVEN_HEIGHTS(shorts)

/* Inputs [begin, begin + count) of a row. No group of four spans two segments. */
static __attribute__((noinline)) void pair_inputs(const tile *t, const uint8_t *high, size_t low_plane, size_t begin,
                                                  size_t count, int16_t *paired) {
  typedef uint8_t fours __attribute__((ext_vector_type(16), aligned(1)));
  typedef uint16_t eight_shorts __attribute__((ext_vector_type(8), aligned(2)));
  for (size_t i = begin; i < begin + count;) {
    const size_t within = i % t->segment_inputs;
    const uint8_t *h = high + i / t->segment_inputs * t->segment_stride + within, *l = h + low_plane;
    size_t inputs = t->segment_inputs - within;
    if (inputs > begin + count - i) inputs = begin + count - i;
    i += inputs;
    for (; inputs >= 16; inputs -= 16, h += 16, l += 16, paired += 16) {
      fours low = *(const fours *)l, upper = *(const fours *)h ^ 0x80;
      low = __builtin_shufflevector(low, low, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
      upper = __builtin_shufflevector(upper, upper, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
      *(eight_shorts *)(void *)paired =
          (eight_shorts)__builtin_shufflevector(low, upper, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      *(eight_shorts *)(void *)(paired + 8) =
          (eight_shorts)__builtin_shufflevector(low, upper, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (; inputs > 0; inputs -= 4, h += 4, l += 4, paired += 4)
      for (size_t j = 0; j < 4; j++) paired[j / 2 + j % 2 * 2] = (int16_t)((h[j] << 8 | l[j]) - PK_U16_ZERO_POINT);
  }
}

/* Each block of PAIRED_INPUTS inputs is summed in 32 bits, and the block sums are added in FP64. Both are exact. */
static __attribute__((noinline)) void sum_pairs(const gemm *g, const place *at, const tile *t, tile_sums *sums) {
  paired_row rows[TILE_ROWS];
  double totals[TILE_ROWS][PK_PANEL] = {{0}};
  tile block = *t;
  block.x = (const uint8_t *)rows;
  block.row_stride = sizeof rows[0];
  block.segments = 1;
  for (size_t begin = 0; begin < t->end; begin += PAIRED_INPUTS) {
    block.segment_inputs = t->end - begin < PAIRED_INPUTS ? t->end - begin : PAIRED_INPUTS;
    for (size_t r = 0; r < t->rows; r++)
      pair_inputs(t, t->x + r * t->row_stride, g->quantized->low_plane, begin, block.segment_inputs, rows[r]);
    tile_shorts(&block, sums);
    block.w += block.segment_inputs * PK_PANEL;
    for (size_t r = 0; r < at->rows; r++)
      for (size_t lane = 0; lane < PK_PANEL; lane++) totals[r][lane] += sums->i[r][0][lane];
  }
  for (size_t r = 0; r < at->rows; r++)
    for (size_t lane = 0; lane < PK_PANEL; lane++) sums->f[r][0][lane] = (float)totals[r][lane];
}
#endif
#endif

#endif
