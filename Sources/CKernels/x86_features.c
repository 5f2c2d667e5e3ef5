/* CPUID and XGETBV. The numbers of leaves and bits are Intel's (Software Developer's Manual, volume 2, CPUID). */
#include "x86_features.h"

#include "include/pk_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

static unsigned has(unsigned word, unsigned bits) { return (word & bits) == bits; }

/* Which register states the system saves: bit 1 SSE, 2 AVX, 5–7 AVX-512, 17–18 the tiles of AMX. */
static unsigned saved_states(void) {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/* Linux gives a process the tiles on request (Documentation/arch/x86/xstate.rst): which states can be requested, and
 * the request. */
#define ARCH_GET_XCOMP_SUPP 0x1021
#define ARCH_REQ_XCOMP_PERM 0x1023
#define TILE_STATE 18

static int can_request_tiles(void) {
#ifdef __linux__
  unsigned long states = 0;
  return syscall(SYS_arch_prctl, ARCH_GET_XCOMP_SUPP, &states) == 0 && (states >> TILE_STATE & 1);
#else
  return 0;
#endif
}

static int request_tiles(void) {
#ifdef __linux__
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_STATE) == 0;
#else
  return 0;
#endif
}

static unsigned ask_processor(void) {
  unsigned a, b, c, d, basic = 0, extended_b = 0, extended_c = 0, extended_d = 0, more_a = 0, found = 0;
  if (__get_cpuid(1, &a, &b, &c, &d)) basic = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    extended_b = b;
    extended_c = c;
    extended_d = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) more_a = a;
  }
  if (has(basic, 1u << 9 | 1u << 19)) found |= PK_X86_SSE41;
  if (found && has(extended_b, 1u << 29)) found |= PK_X86_SHA;
  unsigned states = has(basic, 1u << 27) ? saved_states() : 0;
  if (!has(states, 0x06) || !has(basic, 1u << 12 | 1u << 28 | 1u << 29) || !has(extended_b, 1u << 5)) return found;
  found |= PK_X86_AVX2;
  if (has(more_a, 1u << 4)) found |= PK_X86_AVXVNNI;
  if (!has(states, 0xE6) || !has(extended_b, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31) ||
      !has(extended_c, 1u << 11))
    return found;
  found |= PK_X86_AVX512VNNI;
  if (!has(more_a, 1u << 5)) return found;
  found |= PK_X86_AVX512BF16;
  if (has(states, 0x600E6) && has(extended_d, 1u << 22 | 1u << 24 | 1u << 25) && can_request_tiles()) found |= PK_X86_AMX;
  return found;
}

/* Evaluated once: in a virtual machine, each CPUID traps to the host. */
unsigned pk_x86_features(void) {
  static const unsigned known = 1u << 31;
  static atomic_uint cached;
  unsigned features = atomic_load_explicit(&cached, memory_order_relaxed);
  if (!features) {
    features = ask_processor() | known;
    atomic_store_explicit(&cached, features, memory_order_relaxed);
  }
  return features;
}

int pk_permitted(pk_isa isa) { return isa != PK_ISA_AMX || request_tiles(); }
#else
unsigned pk_x86_features(void) { return 0; }

int pk_permitted(pk_isa isa) {
  (void)isa;
  return 1;
}
#endif
