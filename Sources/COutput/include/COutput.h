#ifndef COUTPUT_H
#define COUTPUT_H

/* Exchanges two paths in one step. Returns 0, or -1 with errno if the system or the file system does not support it. */
int co_exchange_names(const char *_Nonnull first, const char *_Nonnull second);

#endif
