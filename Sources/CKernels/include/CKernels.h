/* All headers of CKernels. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "pk_bf16.h"
#include "pk_kernels.h"
#include "pk_math.h"
#include "pk_resize.h"
#include "pk_resize_rows.h"
#include "pk_sha256.h"
#include "pk_writing.h"

#endif
