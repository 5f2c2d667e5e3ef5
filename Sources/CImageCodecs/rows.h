/* The common part of the decoders that read rows. */
#ifndef CIC_ROWS_H
#define CIC_ROWS_H

#include "CImageCodecs.h"

struct cic_rows {
  cic_status (*read)(cic_rows *rows, size_t row_count, uint8_t *pixels, char *message);
  void (*close)(cic_rows *rows);
};

/* Zeroed memory for a decoder's state; NULL with a message if there is none. */
void *cic_allocate(size_t byte_count, char *message);

#endif
