/* Compares kernels with their definitions, one check for each row of kernels.def: a kernel of the list without a check
 * does not link. No Swift, so that the checks also run under an emulator of another processor. */
#ifndef CKERNELCHECKS_H
#define CKERNELCHECKS_H

#include "CKernels.h"

/* How many checks there are, in the order of the list. */
size_t pk_check_count(void);
/* The kernel that a check runs: "gemm_f32", "resize_row". */
const char *pk_check_name(size_t check);
/* Whether the instruction set, which this machine supports, has that kernel. */
int pk_check_applies(size_t check, pk_isa isa);
/* Runs a kernel of an instruction set and its definition on the same numbers and returns how many results differ by more
 * than the list allows. The first of them is described in `mistake`, of `length` bytes. Not for two threads at once. */
int pk_check_run(size_t check, pk_isa isa, char *mistake, size_t length);

/* Sums over the bits of what the checks have computed since the last pk_check_reset. Fused sums are equal wherever sums
 * are fused, resized images are equal everywhere. */
typedef struct pk_check_sums {
  uint64_t fused, resized;
} pk_check_sums;
void pk_check_reset(void);
pk_check_sums pk_check_found(void);

/* The first kernel of the list that a table lacks, or null. */
const char *pk_check_gap(const pk_kernels *kernels);

#endif
