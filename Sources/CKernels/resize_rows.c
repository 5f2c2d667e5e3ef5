/* Rows of an image that arrives in rows, resampled along x. */
#include "pk_resize_rows.h"

#include <string.h>

#define BODY static inline __attribute__((always_inline))

size_t pk_resize_packed_bytes(pk_resize_layout layout, size_t taps, size_t channels) {
  const size_t block = PK_RESIZE_DIGIT_TAPS;
  return layout == PK_RESIZE_DIGITS ? (taps + block - 1) / block * block * 3
                                    : pk_resize_row_stride(taps, channels) * sizeof(int32_t);
}

/* The nearest signed byte to what remains of a weight, which then loses it. */
static int8_t take_digit(int32_t *rest) {
  const int32_t digit = ((*rest + 128) & 255) - 128;
  *rest = (*rest - digit) / 256;
  return (int8_t)digit;
}

void pk_resize_pack(pk_resize_layout layout, size_t taps, size_t channels, const int32_t *weights, size_t packed_bytes,
                    void *packed) {
  memset(packed, 0, packed_bytes);
  if (layout == PK_RESIZE_WORDS) {
    int32_t *words = packed;
    for (size_t i = 0; i < taps * channels; i++) words[i] = weights[i / channels];
    return;
  }
  int8_t *digits = packed;
  for (size_t k = 0; k < taps; k++) {
    int8_t *block = digits + k / PK_RESIZE_DIGIT_TAPS * PK_RESIZE_DIGIT_TAPS * 3 + k % PK_RESIZE_DIGIT_TAPS;
    int32_t rest = weights[k];
    for (size_t digit = 0; digit < 3; digit++) block[digit * PK_RESIZE_DIGIT_TAPS] = take_digit(&rest);
  }
}

/* ---- One row at a time with the kernels for complete images. */

BODY void rows_with(pk_isa isa, const pk_resize_rows *input, const pk_resize_taps *taps, const void *packed,
                    size_t packed_bytes, size_t count, size_t channels, uint8_t *output, size_t output_stride) {
  const pk_resize_kernels *kernels = pk_resize_kernels_for(isa);
  for (size_t y = 0; y < input->count; y++)
    kernels->row(input->first + y * input->stride, taps, packed, packed_bytes / sizeof(int32_t), count, channels,
                 output + y * output_stride);
}

static void rows_scalar(const pk_resize_rows *input, const pk_resize_taps *taps, const void *packed,
                        size_t packed_bytes, size_t count, size_t channels, uint8_t *output, size_t output_stride) {
  rows_with(PK_ISA_SCALAR, input, taps, packed, packed_bytes, count, channels, output, output_stride);
}

static const pk_resize_rows_kernels scalar_kernels = {
    .layout = PK_RESIZE_WORDS,
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) .name = name##_scalar,
#include "include/kernels.def"
};

#if defined(__x86_64__)
#include <immintrin.h>

static void rows_avx2(const pk_resize_rows *input, const pk_resize_taps *taps, const void *packed,
                      size_t packed_bytes, size_t count, size_t channels, uint8_t *output, size_t output_stride) {
  rows_with(PK_ISA_AVX2, input, taps, packed, packed_bytes, count, channels, output, output_stride);
}

static const pk_resize_rows_kernels avx2_kernels = {
    .layout = PK_RESIZE_WORDS,
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) .name = name##_avx2,
#include "include/kernels.def"
};

/* ---- Products of bytes. A group of 16 bytes takes four pixels: four bytes of each channel, which one instruction
 * multiplies by four digits and adds to the channel's sum. */

/* For 1 to 4 channels: the position in 4 · channels bytes of each byte of a group. Sums of absent channels are unused. */
static const uint8_t orders[4][16] = {{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3},
                                      {0, 2, 4, 6, 1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7},
                                      {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 2, 5, 8, 11},
                                      {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}};

enum { SHIFT = PK_RESIZE_PILLOW_BITS, HALF = 1 << (SHIFT - 1) };

/* Stores a pixel. Four bytes at once wherever the following pixels, which are written later, take the others. */
BODY void store_pixel(uint32_t pixel, size_t index, size_t count, size_t channels, uint8_t *row) {
  const size_t at = index * channels;
  if (count * channels - at >= 4) {
    memcpy(row + at, &pixel, 4);
  } else {
    for (size_t channel = 0; channel < channels; channel++) row[at + channel] = (uint8_t)(pixel >> 8 * channel);
  }
}

#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

/* Each channel's sum of products, from the sums of its digits' products in both halves. */
BODY __m128i sum_256(const __m256i digits[3]) {
  const __m256i sum = _mm256_add_epi32(
      digits[0], _mm256_add_epi32(_mm256_slli_epi32(digits[1], 8), _mm256_slli_epi32(digits[2], 16)));
  return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

BODY uint32_t rounded_pixel(__m128i sums) {
  const __m128i values = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(HALF)), SHIFT);
  const __m128i words = _mm_packs_epi32(values, values);
  return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

BODY __m256i groups_at(const uint8_t *bytes, size_t second) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)bytes)),
                                 _mm_loadu_si128((const __m128i *)(bytes + second)), 1);
}

/* Two groups, of which the row may lack the end. */
BODY __m256i groups_256(const uint8_t *bytes, size_t left, size_t channels) {
  const size_t second = 4 * channels;
  if (left >= second + 16) return groups_at(bytes, second);
  uint8_t copy[32] = {0};
  memcpy(copy, bytes, left < 2 * second ? left : 2 * second);
  return groups_at(copy, second);
}

BODY void rows_256(const size_t rows, const uint8_t *first, size_t stride, size_t byte_count,
                   const pk_resize_taps *taps, const uint8_t *packed, size_t packed_bytes, size_t count,
                   size_t channels, uint8_t *output, size_t output_stride) {
  const __m256i order = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)orders[channels - 1]));
  const __m256i repeat = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  for (size_t index = 0; index < count; index++) {
    const size_t begin = taps[index].first * channels, end = begin + taps[index].count * channels;
    const uint8_t *weights = packed + index * packed_bytes;
    __m256i sums[2][3] = {{_mm256_setzero_si256()}};
    size_t half = 0;
    for (size_t at = begin; at < end; at += 8 * channels, half ^= 1) {
      __m256i digits[3];
#pragma clang loop unroll(full)
      for (size_t d = 0; d < 3; d++)
        digits[d] = _mm256_permutevar8x32_epi32(
            _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(weights + d * PK_RESIZE_DIGIT_TAPS + 8 * half))),
            repeat);
#pragma clang loop unroll(full)
      for (size_t y = 0; y < rows; y++) {
        const __m256i pixels = _mm256_shuffle_epi8(groups_256(first + y * stride + at, byte_count - at, channels), order);
#pragma clang loop unroll(full)
        for (size_t d = 0; d < 3; d++) sums[y][d] = _mm256_dpbusd_avx_epi32(sums[y][d], pixels, digits[d]);
      }
      weights += half * 3 * PK_RESIZE_DIGIT_TAPS;
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < rows; y++)
      store_pixel(rounded_pixel(sum_256(sums[y])), index, count, channels, output + y * output_stride);
  }
}

static void rows_avxvnni(const pk_resize_rows *input, const pk_resize_taps *taps, const void *packed,
                         size_t packed_bytes, size_t count, size_t channels, uint8_t *output, size_t output_stride) {
  size_t y = 0;
  for (; y + 2 <= input->count; y += 2)
    rows_256(2, input->first + y * input->stride, input->stride, input->byte_count, taps, packed, packed_bytes, count,
             channels, output + y * output_stride, output_stride);
  if (y < input->count)
    rows_256(1, input->first + y * input->stride, input->stride, input->byte_count, taps, packed, packed_bytes, count,
             channels, output + y * output_stride, output_stride);
}

static const pk_resize_rows_kernels avxvnni_kernels = {
    .layout = PK_RESIZE_DIGITS,
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) .name = name##_avxvnni,
#include "include/kernels.def"
};

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2"))), \
                             apply_to = function)

BODY uint32_t rounded_pixel_512(const __m512i digits[3]) {
  const __m512i sum = _mm512_add_epi32(
      digits[0], _mm512_add_epi32(_mm512_slli_epi32(digits[1], 8), _mm512_slli_epi32(digits[2], 16)));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
  const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  const __m128i values = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(HALF)), SHIFT);
  const __m128i words = _mm_packs_epi32(values, values);
  return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

BODY void rows_512(const size_t rows, const uint8_t *first, size_t stride, size_t byte_count,
                   const pk_resize_taps *taps, const uint8_t *packed, size_t packed_bytes, size_t count,
                   size_t channels, uint8_t *output, size_t output_stride) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)orders[channels - 1]));
  const __m512i repeat = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  /* Each group takes `channels` words of the row; the others of its four are unused. */
  const __m512i spread = _mm512_add_epi32(_mm512_mullo_epi32(repeat, _mm512_set1_epi32((int)channels)),
                                          _mm512_and_si512(_mm512_set_epi32(3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0),
                                                           _mm512_set1_epi32(3)));
  const size_t block = PK_RESIZE_DIGIT_TAPS * channels;
  const __mmask64 complete = ~(__mmask64)0 >> (64 - block);
  for (size_t index = 0; index < count; index++) {
    const size_t begin = taps[index].first * channels, end = begin + taps[index].count * channels;
    const uint8_t *weights = packed + index * packed_bytes;
    __m512i sums[4][3] = {{_mm512_setzero_si512()}};
    for (size_t at = begin; at < end; at += block, weights += 3 * PK_RESIZE_DIGIT_TAPS) {
      const size_t left = byte_count - at;
      const __mmask64 present = left >= block ? complete : complete >> (block - left);
      __m512i digits[3];
#pragma clang loop unroll(full)
      for (size_t d = 0; d < 3; d++)
        digits[d] = _mm512_permutexvar_epi32(
            repeat, _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(weights + d * PK_RESIZE_DIGIT_TAPS))));
#pragma clang loop unroll(full)
      for (size_t y = 0; y < rows; y++) {
        const __m512i bytes = _mm512_maskz_loadu_epi8(present, first + y * stride + at);
        const __m512i pixels = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(spread, bytes), order);
#pragma clang loop unroll(full)
        for (size_t d = 0; d < 3; d++) sums[y][d] = _mm512_dpbusd_epi32(sums[y][d], pixels, digits[d]);
      }
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < rows; y++)
      store_pixel(rounded_pixel_512(sums[y]), index, count, channels, output + y * output_stride);
  }
}

static void rows_avx512(const pk_resize_rows *input, const pk_resize_taps *taps, const void *packed,
                        size_t packed_bytes, size_t count, size_t channels, uint8_t *output, size_t output_stride) {
  size_t y = 0;
  for (; y + 4 <= input->count; y += 4)
    rows_512(4, input->first + y * input->stride, input->stride, input->byte_count, taps, packed, packed_bytes, count,
             channels, output + y * output_stride, output_stride);
  for (; y < input->count; y++)
    rows_512(1, input->first + y * input->stride, input->stride, input->byte_count, taps, packed, packed_bytes, count,
             channels, output + y * output_stride, output_stride);
}

static const pk_resize_rows_kernels avx512_kernels = {
    .layout = PK_RESIZE_DIGITS,
#define PK_RESIZE_ROWS_KERNEL(name, agreement, result, parameters) .name = name##_avx512,
#include "include/kernels.def"
};

#pragma clang attribute pop

const pk_resize_rows_kernels *pk_resize_rows_kernels_for(pk_isa isa) {
  switch (isa) {
    case PK_ISA_AVX2: return &avx2_kernels;
    case PK_ISA_AVXVNNI: return &avxvnni_kernels;
    case PK_ISA_AVX512VNNI:
    case PK_ISA_AMX: return &avx512_kernels;
    default: return &scalar_kernels;
  }
}

#else

const pk_resize_rows_kernels *pk_resize_rows_kernels_for(pk_isa isa) {
  (void)isa;
  return &scalar_kernels;
}

#endif
