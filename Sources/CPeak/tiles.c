/* Loops in the tiles of AMX: Intel's Software Developer's Manual, volume 1, chapter "Programming with Intel AMX". */
#include "loops.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TILE_ROWS 16
#define ROW_BYTES 64
#define STEPS 12000
#define PRODUCTS 4

/* The operand of LDTILECFG. */
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;
_Static_assert(sizeof(tile_configuration) == 64, "LDTILECFG reads 64 bytes");

/* Four independent sums hide the latency of a product: 0 and 1 with the rows of tile 4, 2 and 3 with those of tile 5,
 * each with the columns of tiles 6 and 7. The products are volatile for the compiler, because they name registers. */
#define LOOP(name, product)                                                                   \
  __attribute__((target("amx-tile,amx-int8,amx-bf16"))) static void name(void) {              \
    tile_configuration configuration = {.palette = 1};                                        \
    for (int i = 0; i < 8; i++) {                                                             \
      configuration.row_bytes[i] = ROW_BYTES;                                                 \
      configuration.rows[i] = TILE_ROWS;                                                      \
    }                                                                                         \
    _tile_loadconfig(&configuration);                                                         \
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);                               \
    _tile_zero(4), _tile_zero(5), _tile_zero(6), _tile_zero(7);                               \
    for (int n = 0; n < STEPS; n++)                                                           \
      product(0, 4, 6), product(1, 4, 7), product(2, 5, 6), product(3, 5, 7);                 \
    _tile_release();                                                                          \
  }
LOOP(int8_tiles, _tile_dpbusd)
LOOP(bf16_tiles, _tile_dpbf16ps)

/* Bits 17 and 18 of XCR0: the system saves the configuration and the data of tiles. */
static int saves_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return 0; /* no XGETBV */
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low >> 17 & 3) == 3;
}

/* Leaf 7: bits 22, 24 and 25 are AMX-BF16, AMX-TILE and AMX-INT8. Leaf 1Dh: what palette 1 offers. */
static int has_tiles(void) {
  unsigned a, b, c, d;
  const unsigned amx = 1u << 22 | 1u << 24 | 1u << 25;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & amx) != amx || !saves_tiles()) return 0;
  if (!__get_cpuid_count(0x1D, 1, &a, &b, &c, &d)) return 0;
  return (b & 0xFFFF) == ROW_BYTES && b >> 16 >= 8 && (c & 0xFFFF) == TILE_ROWS;
}

/* ARCH_REQ_XCOMP_PERM of the data of tiles. Containers refuse it; so does the system if a thread has a signal stack
 * that is too small for them. */
static int permitted(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }

/* A product has TILE_ROWS rows, ROW_BYTES / 4 columns and `inputs` inputs. */
static loop found(void (*run)(void), int inputs) {
  return (loop){.run = run, .operations = 2.0 * TILE_ROWS * (ROW_BYTES / 4) * inputs * PRODUCTS * STEPS};
}

loop tile_loop(cpeak_arithmetic arithmetic) {
  if (!has_tiles() || !permitted()) return (loop){0};
  return arithmetic == CPEAK_INT8_TILES ? found(int8_tiles, ROW_BYTES) : found(bf16_tiles, ROW_BYTES / 2);
}

#else

loop tile_loop(cpeak_arithmetic arithmetic) {
  (void)arithmetic;
  return (loop){0};
}

#endif
