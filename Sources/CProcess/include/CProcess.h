#ifndef CPROCESS_H
#define CPROCESS_H

/* What only C can say to the system of the command's own process. */

/* The arguments as the system handed them over; 0 where the C library does not pass them to constructors. Swift reads them
   from /proc, which may not be there. */
int cp_argument_count(void);
/* Bytes up to a zero; `index` is below the count. */
const char *_Nonnull cp_argument(int index);

/* Keeps Swift's own line about a failed allocation ("Fatal error: failed to allocate …") from standard error: the command
   reports it. Only where the C library can replace its stream, which glibc can. */
void cp_drop_allocation_failures(void);

#endif
