/* The tile instructions of AMX in C (Intel, Software Developer's Manual, volume 2), under the names of their intrinsics.
 * What the processor refuses is counted: a wrong configuration, and operands whose sizes do not fit. */
#ifndef PK_EMULATED_TILES_H
#define PK_EMULATED_TILES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

#define TILES 8

/* Of one thread: products of several threads can run at once. */
typedef struct emulated_tile {
  size_t rows, row_bytes;
  uint8_t bytes[16][64];
} emulated_tile;

static _Thread_local emulated_tile emulated_tiles[TILES];
static _Thread_local int emulated_tiles_are_configured, emulated_faults;

static inline void emulated_fault_if(int is_wrong) { emulated_faults += is_wrong; }

static inline void emulated_loadconfig(const void *configuration) {
  uint8_t bytes[64];
  memcpy(bytes, configuration, sizeof bytes);
  emulated_fault_if(bytes[0] != 1 || bytes[1] != 0);
  for (size_t i = 2; i < 16; i++) emulated_fault_if(bytes[i] != 0);
  for (size_t i = 32; i < 48; i++) emulated_fault_if(bytes[i] != 0);
  for (size_t i = 56; i < 64; i++) emulated_fault_if(bytes[i] != 0);
  for (size_t i = 0; i < TILES; i++) {
    uint16_t row_bytes;
    memcpy(&row_bytes, bytes + 16 + 2 * i, sizeof row_bytes);
    const uint8_t rows = bytes[48 + i];
    emulated_fault_if(row_bytes > 64 || rows > 16 || (row_bytes == 0) != (rows == 0));
    emulated_tiles[i] = (emulated_tile){.rows = rows, .row_bytes = row_bytes};
  }
  emulated_tiles_are_configured = 1;
}

static inline void emulated_release(void) {
  emulated_fault_if(!emulated_tiles_are_configured);
  memset(emulated_tiles, 0, sizeof emulated_tiles);
  emulated_tiles_are_configured = 0;
}

static inline emulated_tile *emulated_used(size_t tile) {
  emulated_fault_if(!emulated_tiles_are_configured || tile >= TILES || emulated_tiles[tile].rows == 0);
  return &emulated_tiles[tile];
}

static inline void emulated_zero(size_t tile) { memset(emulated_used(tile)->bytes, 0, sizeof emulated_tiles->bytes); }

static inline void emulated_load(size_t tile, const void *base, size_t stride) {
  emulated_tile *t = emulated_used(tile);
  memset(t->bytes, 0, sizeof t->bytes);
  for (size_t row = 0; row < t->rows; row++) memcpy(t->bytes[row], (const uint8_t *)base + row * stride, t->row_bytes);
}

static inline void emulated_store(size_t tile, void *base, size_t stride) {
  const emulated_tile *t = emulated_used(tile);
  for (size_t row = 0; row < t->rows; row++) memcpy((uint8_t *)base + row * stride, t->bytes[row], t->row_bytes);
}

/* Whether sums [rows, 16] += x [rows, 16 groups of four bytes] · w [16 groups, 16] is possible. */
static inline void emulated_sizes(size_t sums, size_t x, size_t w) {
  const emulated_tile *s = emulated_used(sums), *a = emulated_used(x), *b = emulated_used(w);
  emulated_fault_if(sums == x || sums == w || x == w || s->rows != a->rows || a->row_bytes != 4 * b->rows ||
                    s->row_bytes != b->row_bytes || a->row_bytes % 4 != 0 || b->row_bytes % 4 != 0);
}

static inline void emulated_dpbusd(size_t sums, size_t x, size_t w) {
  emulated_sizes(sums, x, w);
  emulated_tile *s = &emulated_tiles[sums];
  const emulated_tile *a = &emulated_tiles[x], *b = &emulated_tiles[w];
  for (size_t row = 0; row < s->rows; row++)
    for (size_t n = 0; n < s->row_bytes / 4; n++) {
      uint32_t sum; /* wraps, as the processor's does */
      memcpy(&sum, s->bytes[row] + 4 * n, sizeof sum);
      for (size_t i = 0; i < a->row_bytes; i++) sum += (uint32_t)((int32_t)a->bytes[row][i] * (int8_t)b->bytes[i / 4][4 * n + i % 4]);
      memcpy(s->bytes[row] + 4 * n, &sum, sizeof sum);
    }
}

/* Subnormal numbers are zero, of both operands and of results. */
static inline float emulated_flushed(float v) { return fabsf(v) < 0x1p-126f ? copysignf(0, v) : v; }

static inline float emulated_bf16(const uint8_t *bytes) {
  uint16_t pattern;
  memcpy(&pattern, bytes, sizeof pattern);
  return emulated_flushed(pk_bf16_to_f32(pattern));
}

static inline void emulated_dpbf16ps(size_t sums, size_t x, size_t w) {
  emulated_sizes(sums, x, w);
  emulated_tile *s = &emulated_tiles[sums];
  const emulated_tile *a = &emulated_tiles[x], *b = &emulated_tiles[w];
  for (size_t row = 0; row < s->rows; row++)
    for (size_t n = 0; n < s->row_bytes / 4; n++) {
      float total, halves[2] = {0, 0};
      memcpy(&total, s->bytes[row] + 4 * n, sizeof total);
      for (size_t i = 0; i < a->row_bytes / 2; i++) {
        const float activation = emulated_bf16(a->bytes[row] + 2 * i), weight = emulated_bf16(b->bytes[i / 2] + 4 * n + i % 2 * 2);
        halves[i % 2] = emulated_flushed(fmaf(activation, weight, halves[i % 2]));
      }
      total = emulated_flushed(emulated_flushed(total) + emulated_flushed(halves[0] + halves[1]));
      memcpy(s->bytes[row] + 4 * n, &total, sizeof total);
    }
}

#define _tile_loadconfig emulated_loadconfig
#define _tile_release emulated_release
#define _tile_zero emulated_zero
#define _tile_loadd emulated_load
#define _tile_stored emulated_store
#define _tile_dpbusd emulated_dpbusd
#define _tile_dpbf16ps emulated_dpbf16ps

#endif
