#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

void *cic_allocate(size_t byte_count, char *message) {
  void *memory = calloc(1, byte_count);
  if (!memory) snprintf(message, CIC_MESSAGE_BYTES, "no memory for the decoder");
  return memory;
}

cic_status cic_read_rows(cic_rows *rows, size_t row_count, uint8_t *pixels, char *message) {
  message[0] = 0;
  return rows->read(rows, row_count, pixels, message);
}

void cic_close(cic_rows *rows) { rows->close(rows); }
