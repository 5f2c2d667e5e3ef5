#ifndef COUTPUT_H
#define COUTPUT_H

/* Two paths change places in one step. 0, or -1 with errno where the system or the file system cannot. */
int co_exchange_names(const char *_Nonnull first, const char *_Nonnull second);

#endif
