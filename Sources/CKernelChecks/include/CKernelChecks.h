/* Compares kernels with their definitions, one check for each row of kernels.def. A kernel of the list without a
 * check does not link. Contains no Swift, so that the checks also run under an emulator of another processor. */
#ifndef CKERNELCHECKS_H
#define CKERNELCHECKS_H

#include "CKernels.h"

/* The number of checks, in the order of the list. */
size_t pk_check_count(void);
/* The kernel that a check runs: "gemm_f32", "resize_row". */
const char *pk_check_name(size_t check);

/* What is checked: the tables of an instruction set. */
typedef struct pk_check_subject {
  const pk_kernels *kernels;
  const pk_bf16_kernels *bf16; /* or null */
} pk_check_subject;
/* Of an instruction set that this machine supports and whose products this process may use. */
pk_check_subject pk_check_isa(pk_isa isa);
/* The products of `amx` with tiles that are emulated, on any processor; the other functions are scalar's. */
pk_check_subject pk_check_emulated_amx(void);

/* Whether the subject has a kernel of its own, not scalar's. */
int pk_check_applies(size_t check, pk_check_subject subject);
/* Runs a kernel and its definition on the same numbers and returns how many results differ by
 * more than the list allows. Describes the first difference in `mistake`, which has `length` bytes. Not thread-safe. */
int pk_check_run(size_t check, pk_check_subject subject, char *mistake, size_t length);

/* Checksums of the bits that the checks have computed since the last pk_check_reset. Fused sums are equal on all
 * machines that fuse; resized images are equal everywhere. */
typedef struct pk_check_sums {
  uint64_t fused, resized;
} pk_check_sums;
void pk_check_reset(void);
pk_check_sums pk_check_found(void);

/* The first kernel of the list that a table does not have, or null. */
const char *pk_check_gap(const pk_kernels *kernels);

#endif
