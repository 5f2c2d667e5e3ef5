/* Resampling: an image of 301 x 40 to 83 x 17, each pass of each kernel, filter and weight. */
#include "checks.h"

enum { WIDE = 301, TALL = 40, NARROW = 83, SHORT = 17, ROW = 3 * NARROW, TAPS = 20 };

static const pk_resize_axis across = {WIDE, NARROW, PK_RESIZE_BICUBIC}, down = {TALL, SHORT, PK_RESIZE_BICUBIC};

static unsigned bits_of(pk_resize_axis axis, int is_torch) {
  return is_torch ? pk_resize_torch_bits(axis) : PK_RESIZE_PILLOW_BITS;
}

/* Compares both sides' outputs and adds them to the sum that is equal everywhere. */
static void same(size_t byte_count, int form) {
  if (memcmp(outputs[0], outputs[1], byte_count)) wrong("form", (size_t)form);
  add_to(&found_sums.resized, outputs[1], byte_count);
}

/* Rows of the image that `bytes` holds. */
static size_t rows_with(size_t channels) {
  const size_t available = CAPACITY / (channels * WIDE);
  return available < TALL ? available : TALL;
}

static pk_isa isa_of(int side) { return side ? tested->isa : PK_ISA_SCALAR; }

static void rows(pk_resize_axis axis, unsigned bits, size_t channels, int side) {
  static int32_t table[NARROW * 96], taken[TAPS];
  pk_resize_taps taps[NARROW];
  const size_t stride = pk_resize_row_stride(pk_resize_max_taps(axis), channels);
  memset(table, 0, sizeof table);
  for (size_t i = 0; i < NARROW; i++) {
    taps[i] = pk_resize_taps_of(axis, i);
    pk_resize_weights_i32(axis, bits, i, taken);
    for (size_t k = 0; k < channels * taps[i].count; k++) table[i * stride + k] = taken[k / channels];
  }
  for (size_t y = 0; y < rows_with(channels); y++)
    pk_resize_kernels_for(isa_of(side))
        ->row(bytes + y * channels * WIDE, taps, table, stride, NARROW, channels, outputs[side] + y * channels * NARROW);
}

static void columns(pk_resize_axis axis, unsigned bits, int side) {
  static int32_t taken[TAPS];
  for (size_t y = 0; y < SHORT; y++) {
    pk_resize_weights_i32(axis, bits, y, taken);
    pk_resize_kernels_for(isa_of(side))
        ->column(bytes, TALL, ROW, ROW, pk_resize_taps_of(axis, y), taken, outputs[side] + y * ROW);
  }
}

static pk_resize_axis filtered(pk_resize_axis axis, int form) {
  axis.filter = form % 2 ? PK_RESIZE_BICUBIC : PK_RESIZE_BILINEAR;
  return axis;
}

void check_resize_row(void) {
  for (int form = 0; form < 4; form++)
    for (size_t channels = 1; channels <= 4; channels++) {
      const pk_resize_axis axis = filtered(across, form);
      for (int side = 0; side < 2; side++) rows(axis, bits_of(axis, form / 2), channels, side);
      same(rows_with(channels) * channels * NARROW, form);
    }
}

/* All rows at once, and then the first of them, so that each kernel has rows left over. */
static void rows_at_once(pk_resize_axis axis, unsigned bits, size_t channels, int side) {
  static int32_t taken[TAPS];
  static _Alignas(4) uint8_t packed[NARROW * 96 * sizeof(int32_t)];
  pk_resize_taps taps[NARROW];
  const pk_resize_rows_kernels *kernels = pk_resize_rows_kernels_for(isa_of(side));
  const size_t each = pk_resize_packed_bytes(kernels->layout, pk_resize_max_taps(axis), channels);
  for (size_t i = 0; i < NARROW; i++) {
    taps[i] = pk_resize_taps_of(axis, i);
    pk_resize_weights_i32(axis, bits, i, taken);
    pk_resize_pack(kernels->layout, taps[i].count, channels, taken, each, packed + i * each);
  }
  pk_resize_rows input = {.first = bytes, .count = rows_with(channels), .stride = channels * WIDE, .byte_count = channels * WIDE};
  kernels->rows(&input, taps, packed, each, NARROW, channels, outputs[side], channels * NARROW);
  input.count = 3;
  kernels->rows(&input, taps, packed, each, NARROW, channels, outputs[side] + rows_with(channels) * channels * NARROW, channels * NARROW);
}

void check_resize_rows(void) {
  for (int form = 0; form < 4; form++)
    for (size_t channels = 1; channels <= 4; channels++) {
      const pk_resize_axis axis = filtered(across, form);
      for (int side = 0; side < 2; side++) rows_at_once(axis, bits_of(axis, form / 2), channels, side);
      same((rows_with(channels) + 3) * channels * NARROW, form);
    }
}

void check_resize_column(void) {
  for (int form = 0; form < 4; form++) {
    const pk_resize_axis axis = filtered(down, form);
    for (int side = 0; side < 2; side++) columns(axis, bits_of(axis, form / 2), side);
    same(SHORT * ROW, form);
  }
}

void check_resize_float_row(void) {
  static float table[NARROW * TAPS];
  pk_resize_taps taps[NARROW];
  for (size_t i = 0; i < NARROW; i++) {
    taps[i] = pk_resize_float_taps_of(WIDE, NARROW, i);
    pk_resize_float_weights(WIDE, NARROW, i, table + i * TAPS);
  }
  for (size_t channels = 1; channels <= 4; channels++) {
    for (int side = 0; side < 2; side++)
      for (size_t y = 0; y < rows_with(channels); y++)
        pk_resize_float_kernels_for(isa_of(side))
            ->row(bytes + y * channels * WIDE, taps, table, TAPS, NARROW, channels,
                  floats_of(side) + y * channels * NARROW);
    same(rows_with(channels) * channels * NARROW * sizeof(float), 4);
  }
}

void check_resize_float_column(void) {
  static float taken[TAPS];
  for (size_t i = 0; i < CAPACITY; i++) a[i] = fabsf(a[i]) * 255;
  for (int side = 0; side < 2; side++)
    for (size_t y = 0; y < SHORT; y++) {
      pk_resize_float_weights(TALL, SHORT, y, taken);
      pk_resize_float_kernels_for(isa_of(side))
          ->column(a, TALL, ROW, ROW, pk_resize_float_taps_of(TALL, SHORT, y), taken, outputs[side] + y * ROW);
    }
  same(SHORT * ROW, 4);
}
