/* Runs the checks of CKernelChecks on every instruction set of this processor and on emulated AMX, without Swift, so that
 * they also run under an emulator of another processor (Scripts/check/check-isas.sh). The printed sums must be equal: those of
 * fused sums on all machines that fuse, those of resized images on any processor.
 *
 * usage: isas [INSTRUCTION_SET_THAT_MUST_BE_HERE …] */
#include <stdio.h>
#include <string.h>

#include "CKernelChecks.h"

/* Returns whether all kernels agree with their definitions. */
static int check(pk_check_subject subject) {
  const pk_kernels *kernels = subject.kernels;
  size_t count = 0;
  int agrees = 1;
  pk_check_reset();
  for (size_t i = 0; i < pk_check_count(); i++) {
    char mistake[200];
    if (!pk_check_applies(i, subject)) continue;
    count++;
    if (pk_check_run(i, subject, mistake, sizeof mistake) == 0) continue;
    printf("error: %s: %s %s\n", kernels->name, pk_check_name(i), mistake);
    agrees = 0;
  }
  const pk_check_sums sums = pk_check_found();
  if (kernels == pk_kernels_for(kernels->isa))
    printf("%s: resized images %016llx\n", kernels->name, (unsigned long long)sums.resized);
  printf("%s: %zu kernels, ", kernels->name, count);
  if (kernels->fuses) printf("fused sums %016llx\n", (unsigned long long)sums.fused);
  else printf("sums are those of scalar\n");
  return agrees;
}

int main(int count, char **names) {
  for (int i = 1; i < count; i++)
    if (!pk_kernels_named(names[i], strlen(names[i]))) {
      printf("error: no %s on this processor\n", names[i]);
      return 1;
    }
  int all = 1;
  for (int isa = 1; isa < PK_ISA_COUNT; isa++) {
    const pk_check_subject subject = pk_check_isa((pk_isa)isa);
    if (subject.kernels && pk_permitted((pk_isa)isa) && !check(subject)) all = 0;
  }
  if (!check(pk_check_emulated_amx())) all = 0;
  return !all;
}
