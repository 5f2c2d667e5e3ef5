/* SHA-256 as FIPS 180-4 defines it. */
#include "include/pk_sha256.h"

#include <string.h>

#include "x86_features.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2};

static uint32_t rotate_right(uint32_t x, unsigned count) { return x >> count | x << (32 - count); }

static uint32_t load_big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void pk_sha256_blocks_portable(uint32_t *state, const uint8_t *bytes, size_t block_count) {
  for (; block_count > 0; block_count--, bytes += 64) {
    uint32_t w[64];
    for (size_t i = 0; i < 16; i++) w[i] = load_big_endian(bytes + 4 * i);
    for (size_t i = 16; i < 64; i++) {
      uint32_t s0 = rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ w[i - 15] >> 3;
      uint32_t s1 = rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (size_t i = 0; i < 64; i++) {
      uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
      uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
      uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
      uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

#if defined(__x86_64__)
/* The instructions keep the state as (a, b, e, f) and (c, d, g, h) and compute two rounds at a time. */
__attribute__((target("sha,sse4.1"))) static void hash_blocks_sha_ni(uint32_t state[8], const uint8_t *bytes,
                                                                     size_t block_count) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);            /* c d a b */
  __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);     /* e f g h */
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xF0);
  for (; block_count > 0; block_count--, bytes += 64) {
    __m128i abef_start = abef, cdgh_start = cdgh;
    __m128i w[4]; /* the last sixteen words of the schedule */
    for (size_t i = 0; i < 4; i++)
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), swap);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 16; i++) {
      __m128i words = w[i % 4];
      __m128i sum = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(round_constants + 4 * i)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
      __m128i previous = w[(i + 3) % 4], next = w[(i + 1) % 4];
      __m128i partial = _mm_sha256msg1_epu32(words, next);
      partial = _mm_add_epi32(partial, _mm_alignr_epi8(previous, w[(i + 2) % 4], 4));
      w[i % 4] = _mm_sha256msg2_epu32(partial, previous);
    }
    abef = _mm_add_epi32(abef, abef_start);
    cdgh = _mm_add_epi32(cdgh, cdgh_start);
  }
  __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#endif

static void hash_blocks(uint32_t state[8], const uint8_t *bytes, size_t block_count) {
#if defined(__x86_64__)
  if (pk_x86_features() & PK_X86_SHA) {
    hash_blocks_sha_ni(state, bytes, block_count);
    return;
  }
#endif
  pk_sha256_blocks_portable(state, bytes, block_count);
}

void pk_sha256_init(pk_sha256 *context) {
  /* First 32 bits of the fractional parts of the square roots of the first eight primes. */
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(context->state, start, sizeof start);
  context->byte_count = 0;
}

void pk_sha256_update(pk_sha256 *context, const void *bytes, size_t byte_count) {
  const uint8_t *input = bytes;
  size_t held = context->byte_count % 64;
  context->byte_count += byte_count;
  if (held > 0) {
    size_t taken = byte_count < 64 - held ? byte_count : 64 - held;
    if (taken == 0) return;
    memcpy(context->block + held, input, taken);
    if (held + taken < 64) return;
    hash_blocks(context->state, context->block, 1);
    input += taken;
    byte_count -= taken;
  }
  size_t blocks = byte_count / 64;
  if (blocks > 0) hash_blocks(context->state, input, blocks);
  if (byte_count % 64 > 0) memcpy(context->block, input + blocks * 64, byte_count % 64);
}

void pk_sha256_final(pk_sha256 *context, uint8_t *digest) {
  uint64_t bit_count = context->byte_count * 8;
  size_t held = context->byte_count % 64;
  context->block[held++] = 0x80;
  if (held > 56) {
    memset(context->block + held, 0, 64 - held);
    hash_blocks(context->state, context->block, 1);
    held = 0;
  }
  memset(context->block + held, 0, 56 - held);
  for (size_t i = 0; i < 8; i++) context->block[56 + i] = (uint8_t)(bit_count >> (56 - 8 * i));
  hash_blocks(context->state, context->block, 1);
  for (size_t i = 0; i < 32; i++) digest[i] = (uint8_t)(context->state[i / 4] >> (24 - 8 * (i % 4)));
}
