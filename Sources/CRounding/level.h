/* The functions for one instruction set; rounding.c includes it once per LEVEL. TARGET names the instructions, LANES the
 * FP64 values of a register. A panel is REGISTERS wide. */

#define REGISTERS (CR_ALIGNMENT / LANES)
#define VECTOR NAME(vector)

typedef double VECTOR __attribute__((vector_size(8 * LANES), aligned(8)));

/* Blocks of a panel that fit the registers: two at once. */
#define PAIR (2 * LANES)

TARGET static void NAME(pack_inputs)(size_t row_count, size_t width, const float *x, double factor, size_t first,
                                     size_t last, double *panels) {
  for (size_t panel = first; panel < last; panel++) {
    double *target = panels + panel * row_count * CR_ALIGNMENT;
    size_t start = panel * CR_ALIGNMENT;
    size_t columns = least(CR_ALIGNMENT, width - start);
    for (size_t row = 0; row < row_count; row++) {
      const float *source = x + row * width + (width - 1 - start);
      for (size_t column = 0; column < CR_ALIGNMENT; column++) {
        double value = column < columns ? clamped(*(source - column) * factor, CR_LARGEST_INPUT) : 0;
        target[row * CR_ALIGNMENT + column] = value + SHIFT - SHIFT;
      }
    }
  }
}

/* kept += Σ left[r][i] · right[r][…] over rows, all integers: fusing does not change a bit. */
TARGET static void NAME(add_tile)(size_t row_count, const double *left, const double *right, double *sums,
                                  size_t stride) {
#pragma clang fp contract(fast)
  VECTOR kept[CR_TILE][2];
  for (size_t i = 0; i < CR_TILE; i++)
    for (size_t j = 0; j < 2; j++) kept[i][j] = *(const VECTOR *)(sums + i * stride + j * LANES);
  for (size_t row = 0; row < row_count; row++) {
    VECTOR one = *(const VECTOR *)(right + row * CR_ALIGNMENT);
    VECTOR other = *(const VECTOR *)(right + row * CR_ALIGNMENT + LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < CR_TILE; i++) {
      double factor = left[row * CR_ALIGNMENT + i];
      kept[i][0] += factor * one;
      kept[i][1] += factor * other;
    }
  }
  for (size_t i = 0; i < CR_TILE; i++)
    for (size_t j = 0; j < 2; j++) *(VECTOR *)(sums + i * stride + j * LANES) = kept[i][j];
}

TARGET static void NAME(add_products)(size_t row_count, size_t panel_count, size_t panel, const double *panels,
                                      double *sums, size_t stride) {
  const double *left = panels + panel * row_count * CR_ALIGNMENT;
  for (size_t other = panel; other < panel_count; other++) {
    const double *right = panels + other * row_count * CR_ALIGNMENT;
    for (size_t i = 0; i < CR_ALIGNMENT; i += CR_TILE) {
      double *row = sums + (panel * CR_ALIGNMENT + i) * stride + other * CR_ALIGNMENT;
      for (size_t column = 0; column < CR_ALIGNMENT; column += PAIR)
        NAME(add_tile)(row_count, left + i, right + column, row + column, stride);
    }
  }
}

TARGET static int NAME(eliminate_block)(size_t first, size_t count, double *matrix, size_t stride,
                                        double *quotients) {
  for (size_t k = 0; k < count; k++) {
    const double *pivots = matrix + (first + k) * stride;
    double pivot = pivots[first + k];
    if (!(pivot > 0)) return 0;
    for (size_t i = first + k + 1; i < first + count; i++) {
      double quotient = pivots[i] / pivot;
      double *row = matrix + i * stride;
      for (size_t column = i / LANES * LANES; column < stride; column += LANES) {
        VECTOR product = quotient * *(const VECTOR *)(pivots + column);
        *(VECTOR *)(row + column) -= product;
      }
    }
    for (size_t i = first + count; i < stride; i++)
      quotients[(i / CR_TILE * count + k) * CR_TILE + i % CR_TILE] = pivots[i] / pivot;
  }
  return 1;
}

TARGET static void NAME(eliminate_tile)(size_t count, const double *quotients, const double *pivots, double *matrix,
                                        size_t stride) {
  VECTOR kept[CR_TILE][2];
  for (size_t i = 0; i < CR_TILE; i++)
    for (size_t j = 0; j < 2; j++) kept[i][j] = *(const VECTOR *)(matrix + i * stride + j * LANES);
  for (size_t k = 0; k < count; k++) {
    VECTOR one = *(const VECTOR *)(pivots + k * CR_ALIGNMENT);
    VECTOR other = *(const VECTOR *)(pivots + k * CR_ALIGNMENT + LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < CR_TILE; i++) {
      double quotient = quotients[k * CR_TILE + i];
      VECTOR first = quotient * one, second = quotient * other;
      kept[i][0] -= first;
      kept[i][1] -= second;
    }
  }
  for (size_t i = 0; i < CR_TILE; i++)
    for (size_t j = 0; j < 2; j++) *(VECTOR *)(matrix + i * stride + j * LANES) = kept[i][j];
}

TARGET static void NAME(eliminate_below)(size_t first, size_t count, size_t panel, const double *quotients,
                                         double *matrix, size_t stride, double *scratch) {
  size_t start = panel * CR_ALIGNMENT;
  for (size_t k = 0; k < count; k++)
    for (size_t column = 0; column < CR_ALIGNMENT; column++)
      scratch[k * CR_ALIGNMENT + column] = matrix[(first + k) * stride + start + column];
  for (size_t i = first + count; i < start + CR_ALIGNMENT; i += CR_TILE)
    for (size_t column = 0; column < CR_ALIGNMENT; column += PAIR)
      NAME(eliminate_tile)(count, quotients + i / CR_TILE * count * CR_TILE, scratch + column,
                           matrix + i * stride + start + column, stride);
}

TARGET static void NAME(divide_rows)(size_t first, size_t last, double *matrix, size_t stride) {
  for (size_t k = first; k < last; k++) {
    double *row = matrix + k * stride;
    double pivot = row[k];
    for (size_t column = k + 1; column < stride; column++) row[column] = row[column] / pivot;
  }
}

/* Rounds one input of the rows, and keeps their errors. */
TARGET static void NAME(round_input)(size_t row_count, size_t width, size_t input, const float *rows,
                                     const float *scales, const double *fed, int8_t *q, double *errors) {
  for (size_t row = 0; row < row_count; row++) {
    double scale = scales[row], weight = rows[row * width + input];
    double ratio = scale > 0 ? (weight + fed[row]) / scale : 0;
    double rounded = clamped(ratio, 127) + SHIFT - SHIFT;
    q[row * width + input] = (int8_t)rounded;
    errors[row] = weight - rounded * scale;
  }
}

TARGET static void NAME(round_rows)(size_t row_count, size_t width, const float *rows, const float *scales,
                                    const double *matrix, size_t stride, int8_t *q, double *errors) {
  for (size_t index = 0; index < CR_GROUP * stride; index++) errors[index] = 0;
  for (size_t top = (width + CR_TILE - 1) / CR_TILE * CR_TILE; top > 0; top -= CR_TILE) {
    size_t p = top - CR_TILE;
    VECTOR fed[CR_TILE][REGISTERS];
    /* Inputs before the tile: columns from `top` on, the last first. */
    for (size_t half = 0; half < REGISTERS; half += 2) {
      VECTOR kept[CR_TILE][2] = {{{0}}};
      for (size_t column = width; column > top; column--) {
        VECTOR one = *(const VECTOR *)(errors + (column - 1) * CR_GROUP + half * LANES);
        VECTOR other = *(const VECTOR *)(errors + (column - 1) * CR_GROUP + half * LANES + LANES);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < CR_TILE; i++) {
          double factor = matrix[(p + i) * stride + column - 1];
          VECTOR first = factor * one, second = factor * other;
          kept[i][0] += first;
          kept[i][1] += second;
        }
      }
      for (size_t i = 0; i < CR_TILE; i++) {
        fed[i][half] = kept[i][0];
        fed[i][half + 1] = kept[i][1];
      }
    }
    for (size_t i = CR_TILE; i > 0; i--) {
      size_t pivot = p + i - 1;
      if (pivot >= width) continue;
      for (size_t column = least(top, width); column > pivot + 1; column--) {
        double factor = matrix[pivot * stride + column - 1];
        for (size_t j = 0; j < REGISTERS; j++) {
          VECTOR product = factor * *(const VECTOR *)(errors + (column - 1) * CR_GROUP + j * LANES);
          fed[i - 1][j] += product;
        }
      }
      NAME(round_input)(row_count, width, width - 1 - pivot, rows, scales, (const double *)fed[i - 1], q,
                        errors + pivot * CR_GROUP);
    }
  }
}

#undef REGISTERS
#undef VECTOR
#undef PAIR
