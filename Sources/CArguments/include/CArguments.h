#ifndef CARGUMENTS_H
#define CARGUMENTS_H

/* The command's arguments as the system passed them. Swift reads them from /proc, which can be missing. */

/* 0 if the C library does not pass them to constructors. */
int ca_count(void);
/* Zero-terminated; `index` must be below the count. */
const char *_Nonnull ca_argument(int index);

#endif
