/* The product for one instruction set; product.c includes it once per LEVEL. TARGET names the instructions, LANES the
 * FP64 values of a register. A panel is two registers wide, a tile is TILE_ROWS by a panel. */

typedef double NAME(vector) __attribute__((vector_size(8 * LANES), aligned(8)));

/* Columns first ..< first + 2 · LANES of b as [k, 2 · LANES], zero after the last column. */
TARGET static void NAME(pack_panel)(pp_matrix b, size_t k, size_t n, size_t first, double *panel) {
  size_t columns = least(2 * LANES, n - first);
  for (size_t p = 0; p < k; p++) {
    const float *row = b.values + p * b.row_stride + first * b.column_stride;
    for (size_t j = 0; j < 2 * LANES; j++) panel[p * 2 * LANES + j] = j < columns ? row[j * b.column_stride] : 0;
  }
}

/* Rows first ..< first + count of a as tiles [k, TILE_ROWS], zero after the last row. */
TARGET static void NAME(pack_rows)(pp_matrix a, size_t k, size_t first, size_t count, double *tiles) {
  for (size_t top = 0; top < count; top += TILE_ROWS) {
    for (size_t i = 0; i < TILE_ROWS; i++) {
      const float *row = a.values + (first + top + i) * a.row_stride;
      for (size_t p = 0; p < k; p++)
        tiles[top * k + p * TILE_ROWS + i] = top + i < count ? row[p * a.column_stride] : 0;
    }
  }
}

TARGET static void NAME(multiply_tile)(size_t k, const double *tile, const double *panel,
                                       NAME(vector) sums[TILE_ROWS][2]) {
  NAME(vector) kept[TILE_ROWS][2] = {{{0}}};
  for (size_t p = 0; p < k; p++) {
    NAME(vector) left = *(const NAME(vector) *)(panel + p * 2 * LANES);
    NAME(vector) right = *(const NAME(vector) *)(panel + p * 2 * LANES + LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < TILE_ROWS; i++) {
      double factor = tile[p * TILE_ROWS + i];
      kept[i][0] += factor * left;
      kept[i][1] += factor * right;
    }
  }
  for (size_t i = 0; i < TILE_ROWS; i++) {
    sums[i][0] = kept[i][0];
    sums[i][1] = kept[i][1];
  }
}

TARGET static void NAME(multiply)(size_t m, size_t n, size_t k, float scale, pp_matrix a, pp_matrix b, float *c,
                                  size_t c_stride, double *workspace) {
  double *tiles = workspace, *panel = workspace + k * CHUNK_ROWS;
  for (size_t first = 0; first < m; first += CHUNK_ROWS) {
    size_t rows = least(CHUNK_ROWS, m - first);
    NAME(pack_rows)(a, k, first, rows, tiles);
    for (size_t column = 0; column < n; column += 2 * LANES) {
      NAME(pack_panel)(b, k, n, column, panel);
      size_t columns = least(2 * LANES, n - column);
      for (size_t top = 0; top < rows; top += TILE_ROWS) {
        NAME(vector) sums[TILE_ROWS][2];
        NAME(multiply_tile)(k, tiles + top * k, panel, sums);
        for (size_t i = 0; i < least(TILE_ROWS, rows - top); i++) {
          float *out = c + (first + top + i) * c_stride + column;
          for (size_t j = 0; j < columns; j++) out[j] = (float)(scale * sums[i][j / LANES][j % LANES]);
        }
      }
    }
  }
}
