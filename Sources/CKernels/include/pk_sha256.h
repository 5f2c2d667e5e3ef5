/* SHA-256 (FIPS 180-4), streaming; uses the processor's SHA instructions if it has them. */
#ifndef PK_SHA256_H
#define PK_SHA256_H

#include <stddef.h>
#include <stdint.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

typedef struct pk_sha256 {
  uint32_t state[8];
  uint64_t byte_count;
  uint8_t block[64]; /* bytes not yet hashed: byte_count mod 64 of them */
} pk_sha256;

/* The definition: adds complete 64-byte blocks to a state, on any machine. */
void pk_sha256_blocks_portable(uint32_t *state, const uint8_t *bytes, size_t block_count);

void pk_sha256_init(pk_sha256 *context);
/* `bytes` may be null when byte_count is 0. */
void pk_sha256_update(pk_sha256 *context, const void *_Nullable bytes, size_t byte_count);
/* Writes 32 bytes. The context must be initialised again before further use. */
void pk_sha256_final(pk_sha256 *context, uint8_t *digest);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
