/* The instruction sets that have kernels: the single list of them and of their names. */
#ifndef PK_ISA_H
#define PK_ISA_H

/* ROW(argument, constant, name) for each. For one kind of processor, the slowest comes first. */
#define PK_EACH_ISA(ROW, argument)                                                          \
  ROW(argument, SCALAR, "scalar")                                                           \
  ROW(argument, SSE41, "sse41")           /* with SSSE3 */                                  \
  ROW(argument, AVX2, "avx2")             /* with FMA and F16C */                           \
  ROW(argument, AVXVNNI, "avxvnni")       /* AVX2 with the dot product of AVX-512 VNNI */   \
  ROW(argument, AVX512VNNI, "avx512vnni") /* with F, BW, VL, DQ */                          \
  ROW(argument, AMX, "amx")               /* AVX-512 VNNI and BF16 with tiles of bytes and BF16 */ \
  ROW(argument, NEON, "neon")             /* any 64-bit Arm; the following ones are Arm's too */   \
  ROW(argument, DOTPROD, "dotprod")       /* NEON with dot products of signed bytes */      \
  ROW(argument, I8MM, "i8mm")             /* NEON with those of unsigned and signed bytes */

#define PK_ISA_CONSTANT(argument, constant, name) PK_ISA_##constant,
typedef enum pk_isa { PK_EACH_ISA(PK_ISA_CONSTANT, ) } pk_isa;

#define PK_ISA_ONE(argument, constant, name) +1
enum { PK_ISA_COUNT = PK_EACH_ISA(PK_ISA_ONE, ) };

/* The name of an instruction set as an expression that a table's initialiser can contain. */
#define PK_ISA_NAME_IF(isa, constant, name) (isa) == PK_ISA_##constant ? name:
#define PK_ISA_NAME(isa) (PK_EACH_ISA(PK_ISA_NAME_IF, isa) "")

#endif
