/* The features of an x86 processor that kernels use. */
#ifndef PK_X86_FEATURES_H
#define PK_X86_FEATURES_H

/* Each feature includes the other features that kernels of its name use, and that the system saves the registers. */
enum {
  PK_X86_SSE41 = 1,      /* with SSSE3 */
  PK_X86_SHA = 2,        /* with SSE4.1 */
  PK_X86_AVX2 = 4,       /* with FMA and F16C */
  PK_X86_AVXVNNI = 8,    /* with AVX2 */
  PK_X86_AVX512VNNI = 16, /* with AVX-512 F, BW, VL and DQ */
  PK_X86_AVX512BF16 = 32, /* with AVX-512 VNNI */
  PK_X86_AMX = 64,        /* tiles, INT8 and BF16, with AVX-512 BF16; see pk_permitted */
};

/* The processor's features; 0 on other architectures. Reads CPUID directly, because the compiler's builtin adds a
 * table of all existing features (4 KB). */
unsigned pk_x86_features(void);

#endif
