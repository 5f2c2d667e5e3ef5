/* Part of isas.c. */
/* ---- Resizing, whose kernels have tables of their own: an image of 301 x 40 to 83 x 17, each pass of each kernel. The
 * checksum must be equal on every processor. */

enum { WIDE = 301, TALL = 40, NARROW = 83, SHORT = 17, ROW = 3 * NARROW, TAPS = 20 };
static uint64_t resize_checksum;

static void add_to_resize_checksum(const uint8_t *values, size_t count) {
  for (size_t i = 0; i < count; i++) resize_checksum = (resize_checksum ^ values[i]) * 0x100000001B3u;
}

static void resize_integers(pk_isa isa, pk_resize_filter filter, int is_torch, uint8_t *output) {
  static uint8_t rows[TALL * ROW];
  static int32_t table[NARROW * 96], taken[TAPS];
  pk_resize_taps taps[NARROW];
  const pk_resize_axis across = {WIDE, NARROW, filter}, down = {TALL, SHORT, filter};
  const unsigned bits = is_torch ? pk_resize_torch_bits(across) : PK_RESIZE_PILLOW_BITS;
  const size_t stride = pk_resize_row_stride(pk_resize_max_taps(across), 3);
  memset(table, 0, sizeof table);
  for (size_t i = 0; i < NARROW; i++) {
    taps[i] = pk_resize_taps_of(across, i);
    pk_resize_weights_i32(across, bits, i, taken);
    for (size_t k = 0; k < 3 * taps[i].count; k++) table[i * stride + k] = taken[k / 3];
  }
  for (size_t y = 0; y < TALL; y++)
    pk_resize_kernels_for(isa)->row(bytes + y * 3 * WIDE, taps, table, stride, NARROW, 3, rows + y * ROW);
  for (size_t y = 0; y < SHORT; y++) {
    pk_resize_weights_i32(down, is_torch ? pk_resize_torch_bits(down) : PK_RESIZE_PILLOW_BITS, y, taken);
    pk_resize_kernels_for(isa)->column(rows, TALL, ROW, ROW, pk_resize_taps_of(down, y), taken, output + y * ROW);
  }
}

static void resize_floats(pk_isa isa, uint8_t *output) {
  static float rows[TALL * ROW], table[NARROW * TAPS], taken[TAPS];
  pk_resize_taps taps[NARROW];
  for (size_t i = 0; i < NARROW; i++) {
    taps[i] = pk_resize_float_taps_of(WIDE, NARROW, i);
    pk_resize_float_weights(WIDE, NARROW, i, table + i * TAPS);
  }
  for (size_t y = 0; y < TALL; y++)
    pk_resize_float_kernels_for(isa)->row(bytes + y * 3 * WIDE, taps, table, TAPS, NARROW, 3, rows + y * ROW);
  for (size_t y = 0; y < SHORT; y++) {
    pk_resize_float_weights(TALL, SHORT, y, taken);
    pk_resize_float_kernels_for(isa)->column(rows, TALL, ROW, ROW, pk_resize_float_taps_of(TALL, SHORT, y), taken,
                                             output + y * ROW);
  }
  add_to_resize_checksum((const uint8_t *)rows, sizeof rows);
}

static void check_resize(pk_isa isa) {
  kernel = "resize";
  resize_checksum = 0xCBF29CE484222325u;
  for (int form = 0; form < 5; form++) {
    for (int side = 0; side < 2; side++) {
      const pk_isa one = side ? isa : PK_ISA_SCALAR;
      if (form < 4) {
        resize_integers(one, form % 2 ? PK_RESIZE_BICUBIC : PK_RESIZE_BILINEAR, form / 2, outputs[side]);
      } else {
        resize_floats(one, outputs[side]);
      }
    }
    if (memcmp(outputs[0], outputs[1], SHORT * ROW)) wrong("form", (size_t)form);
    add_to_resize_checksum(outputs[1], SHORT * ROW);
  }
  printf("%s: resized images %016llx\n", tested->name, (unsigned long long)resize_checksum);
}
