/* The table of checks, built from the list, and the function that runs one of them. */
#include "checks.h"

#include <stdio.h>

const pk_kernels *tested, *scalar;
const pk_bf16_kernels *tested_bf16;
int has_scalar_bits;
pk_check_sums found_sums;
float a[CAPACITY], b[CAPACITY], c[CAPACITY];
uint8_t bytes[CAPACITY];
int8_t weights[CAPACITY];
uint16_t halves[CAPACITY];
int32_t sums[CAPACITY], ids[16];
_Alignas(64) uint8_t outputs[2][CAPACITY * sizeof(float)];
float more[2][16];

static uint64_t state;
static int mistakes;
static char *message;
static size_t message_length;

uint64_t next(void) { /* SplitMix64 */
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void fill(void) {
  for (size_t i = 0; i < CAPACITY; i++) {
    float *const floats[3] = {a, b, c};
    for (size_t f = 0; f < 3; f++) {
      uint64_t r = next();
      floats[f][i] = (float)((int32_t)(r >> 40) - (1 << 23)) * (r % 8 ? 0x1p-23f : 0x1p-29f);
    }
    bytes[i] = (uint8_t)next();
    weights[i] = (int8_t)next();
    halves[i] = (uint16_t)(next() & 0xBBFF);
    sums[i] = (int32_t)(next() % 200001) - 100000;
  }
  for (size_t i = 0; i < 16; i++) ids[i] = (int32_t)(next() % 20);
}

void wrong(const char *what, size_t at) {
  if (mistakes++ == 0) snprintf(message, message_length, "%s differs from its definition: at %zu", what, at);
}

void add_to(uint64_t *sum, const void *values, size_t byte_count) { /* FNV-1a */
  for (size_t i = 0; i < byte_count; i++) *sum = (*sum ^ ((const uint8_t *)values)[i]) * 0x100000001B3u;
}

/* ---- The table. */

/* A kernel of the table applies where it is not scalar's; the others belong to instruction sets. */
#define PK_KERNEL(name, agreement, result, parameters) \
  static int applies_##name(pk_check_subject s) { return s.kernels->name != pk_kernels_for(PK_ISA_SCALAR)->name; }
#include "kernels.def"

static int is_of_machine(pk_check_subject s) {
  return s.kernels->isa != PK_ISA_SCALAR && s.kernels == pk_kernels_for(s.kernels->isa);
}
static int with_bf16(pk_check_subject s) { return s.bf16 != NULL; }

static const struct {
  const char *name;
  pk_agreement agreement;
  int (*applies)(pk_check_subject subject);
  void (*run)(void);
} checks[] = {
#define PK_KERNEL(name, agreement, result, parameters) {#name, agreement, applies_##name, check_##name},
#define PK_BF16_KERNEL(name, agreement, result, parameters) {"bf16_" #name, agreement, with_bf16, check_bf16_##name},
#define PK_WRITING_KERNEL(name, agreement, result, parameters) {#name, agreement, is_of_machine, check_##name},
#define PK_RESIZE_KERNEL(name, agreement, result, parameters) {"resize_" #name, agreement, is_of_machine, check_resize_##name},
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) \
  {"resize_" #name, agreement, is_of_machine, check_resize_##name},
#define PK_RESIZE_FLOAT_KERNEL(name, agreement, result, parameters) \
  {"resize_float_" #name, agreement, is_of_machine, check_resize_float_##name},
#include "kernels.def"
};

size_t pk_check_count(void) { return sizeof checks / sizeof *checks; }
const char *pk_check_name(size_t check) { return checks[check].name; }
int pk_check_applies(size_t check, pk_check_subject subject) { return checks[check].applies(subject); }

pk_check_subject pk_check_isa(pk_isa isa) { return (pk_check_subject){pk_kernels_for(isa), pk_bf16_for(isa)}; }

int pk_check_run(size_t check, pk_check_subject subject, char *mistake, size_t length) {
  scalar = pk_kernels_for(PK_ISA_SCALAR);
  tested = subject.kernels;
  tested_bf16 = subject.bf16;
  has_scalar_bits = checks[check].agreement == PK_SAME_BITS || !tested->fuses;
  state = 1;
  mistakes = 0;
  message = mistake;
  message_length = length;
  fill();
  checks[check].run();
  return mistakes;
}

void pk_check_reset(void) { found_sums = (pk_check_sums){.fused = 0xCBF29CE484222325u, .resized = 0xCBF29CE484222325u}; }
pk_check_sums pk_check_found(void) { return found_sums; }

const char *pk_check_gap(const pk_kernels *kernels) {
#define PK_KERNEL(name, agreement, result, parameters) \
  if (!kernels->name) return #name;
#include "kernels.def"
  return NULL;
}
