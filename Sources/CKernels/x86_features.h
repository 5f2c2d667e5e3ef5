/* What an x86 processor can do, as far as kernels ask. */
#ifndef PK_X86_FEATURES_H
#define PK_X86_FEATURES_H

/* Each includes what kernels of its name use beside it, and that the system saves the registers. */
enum {
  PK_X86_SSE41 = 1,      /* with SSSE3 */
  PK_X86_SHA = 2,        /* with SSE4.1 */
  PK_X86_AVX2 = 4,       /* with FMA and F16C */
  PK_X86_AVXVNNI = 8,    /* with AVX2 */
  PK_X86_AVX512VNNI = 16, /* with AVX-512 F, BW, VL and DQ */
  PK_X86_AVX512BF16 = 32, /* with AVX-512 VNNI */
};

/* The processor's features; none on other architectures. Asked from the processor directly: the compiler's builtin
 * brings a table of every feature there is, 4 KB. */
unsigned pk_x86_features(void);

#endif
