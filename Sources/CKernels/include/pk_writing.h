/* The kernels that write weights. They have a table of their own, because the runtime only reads weights. */
#ifndef PK_WRITING_H
#define PK_WRITING_H

#include "pk_kernels.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"

typedef struct pk_writing_kernels {
#define PK_WRITING_KERNEL(name, agreement, result, parameters) result(*_Nonnull name) parameters;
#include "kernels.def"
} pk_writing_kernels;

#pragma clang assume_nonnull begin

/* The kernels of an instruction set that this machine supports. Some instruction sets share them. */
const pk_writing_kernels *pk_writing_for(pk_isa isa);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
