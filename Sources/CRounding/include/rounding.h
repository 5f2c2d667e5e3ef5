/* Rounding that minimises a layer's output error: sums of products of its inputs, their factorization, and the choice
 * of the int8 weights. Every function gives the same bits on every machine, for any number of threads:
 *
 * - Sums of products are sums of integers below 2^53, exact in FP64 in any order.
 * - Everything else is FP64 in an order that the comments state, without fused multiply-add.
 *
 * Matrices are square, row-major, `stride` values per row (a multiple of CR_ALIGNMENT), and symmetric: only the upper
 * triangle is used. Their columns are the inputs in reverse order: column p belongs to input width - 1 - p. */
#ifndef ROUNDING_H
#define ROUNDING_H

#include <stddef.h>
#include <stdint.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

typedef enum cr_level {
  CR_BASELINE, /* available on every processor of this architecture */
  CR_AVX2,     /* x86-64 only */
  CR_AVX512,   /* x86-64 only */
} cr_level;

/* The fastest level that this processor runs; it runs every lower one too. */
cr_level cr_fastest_level(void);

/* Columns of a panel, rows of a tile, pivots of a block, weight rows that are rounded together, the largest integer of
 * an input: 16 bits. */
enum { CR_ALIGNMENT = 16, CR_TILE = 4, CR_BLOCK = 64, CR_GROUP = 16, CR_LARGEST_INPUT = 32767 };

/* Rounds inputs to integers, half to even: x · factor within ±CR_LARGEST_INPUT.
 *
 * Writes column panels first ..< last of `row_count` rows of x, `width` values each: panel c holds columns 16 c … of the
 * reversed inputs as [row_count, 16], zero after the last. */
void cr_pack_inputs(cr_level level, size_t row_count, size_t width, const float *x, double factor, size_t first,
                    size_t last, double *panels);

/* sums[p, q] += Σ over the packed rows of x[p] · x[q], for rows of panel `panel` and all q from 16 · panel on. */
void cr_add_products(cr_level level, size_t row_count, size_t panel_count, size_t panel, const double *panels,
                     double *sums, size_t stride);

/* Eliminates pivots first ..< first + count from each other's rows, up to the last column: row i loses
 * (m[k, i] / m[k, k]) · row k, k ascending.
 *
 * Writes the quotients of the rows below as tiles of CR_TILE rows: quotients[(i / 4 · count + k) · 4 + i mod 4].
 *
 * Returns 0 if a pivot is not positive. */
int cr_eliminate_block(cr_level level, size_t first, size_t count, double *matrix, size_t stride, double *quotients);

/* The same elimination in all rows below the block, in columns 16 · panel … + 15. `scratch` holds 16 · count values. */
void cr_eliminate_below(cr_level level, size_t first, size_t count, size_t panel, const double *quotients,
                        double *matrix, size_t stride, double *scratch);

/* Divides row k, right of its pivot, by the pivot; rows first ..< last. */
void cr_divide_rows(cr_level level, size_t first, size_t last, double *matrix, size_t stride);

/* Rounds up to CR_GROUP rows of W, inputs in ascending order. With e[j] = w[j] - q[j] · scale of the inputs before i:
 *
 *   q[i] = round-half-even((w[i] + Σ e[j] · m[i, j], j ascending) / scale) within ±127; 0 if the scale is 0
 *
 * where m is the divided matrix. `errors` holds CR_GROUP · stride values of scratch. */
void cr_round_rows(cr_level level, size_t row_count, size_t width, const float *rows, const float *scales,
                   const double *matrix, size_t stride, int8_t *q, double *errors);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
