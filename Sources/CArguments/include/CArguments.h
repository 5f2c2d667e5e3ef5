#ifndef CARGUMENTS_H
#define CARGUMENTS_H

/* The command's arguments as the system handed them over. Swift reads them from /proc, which may not be there. */

/* 0 where the C library does not tell constructors. */
int ca_count(void);
/* Bytes up to a zero; `index` is below the count. */
const char *_Nonnull ca_argument(int index);

#endif
