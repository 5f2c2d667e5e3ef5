#include "CTextTables.h"

#include "composition_tables.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Fields of composite_kinds: the index of the second part, and whether composition never produces the character. */
enum { SECOND_MASK = 0x7F, NO_SECOND = 127, EXCLUDED = 0x80 };

/* Hangul syllables are computed (Unicode standard, section 3.12). */
enum {
  SYLLABLE = 0xAC00,
  LEADING = 0x1100,
  VOWEL = 0x1161,
  TRAILING = 0x11A7, /* one before the first trailing consonant */
  LEADING_COUNT = 19,
  VOWEL_COUNT = 21,
  TRAILING_COUNT = 28,
  SYLLABLE_COUNT = LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT
};

static const size_t not_found = SIZE_MAX;

/* A run of consecutive scalars. */
struct run {
  uint32_t start, length;
};

/* Reads the next run of a stream: the gap after the previous one and the length - 1. A gap of 255 means that a start
 * of three bytes follows. */
static const uint8_t *next_run(const uint8_t *stream, struct run *run) {
  const uint32_t gap = *stream++;
  run->start += run->length + gap;
  if (gap == 255) {
    run->start = stream[0] | (uint32_t)stream[1] << 8 | (uint32_t)stream[2] << 16;
    stream += 3;
  }
  run->length = *stream++ + 1u;
  return stream;
}

/* The number of scalars of the runs that precede `scalar`; not_found if it is in none. */
static size_t index_in_runs(const uint8_t *stream, size_t size, uint32_t scalar) {
  struct run run = {0, 0};
  size_t before = 0;
  for (const uint8_t *end = stream + size; stream < end; before += run.length) {
    stream = next_run(stream, &run);
    if (scalar < run.start) break;
    if (scalar - run.start < run.length) return before + (scalar - run.start);
  }
  return not_found;
}

static uint32_t composite_at(size_t index) {
  struct run run = {0, 0};
  const uint8_t *stream = next_run(composite_runs, &run);
  while (index >= run.length) {
    index -= run.length;
    stream = next_run(stream, &run);
  }
  return run.start + (uint32_t)index;
}

/* Ranges without marks, doubles, second parts and excluded characters: Cyrillic and adjacent blocks, Vietnamese,
 * punctuation and signs, kana and ideographs, Hangul syllables, emoji. A test compares them with the tables. */
static bool is_always_composed(uint32_t scalar) {
  if (scalar < 0x300) return true;
  if (scalar < 0x3099) {
    return (scalar >= 0x388 && scalar < 0x483) || (scalar >= 0x1E00 && scalar < 0x1F00) ||
           (scalar >= 0x2002 && scalar < 0x20D0) || scalar >= 0x3030;
  }
  return (scalar >= 0x309B && scalar < 0xA66F) || (scalar >= SYLLABLE && scalar < 0xD7B0) ||
         (scalar >= 0xFE00 && scalar < 0xFE20) || (scalar >= 0x1F000 && scalar < 0x2F800) || scalar >= 0x2FA20;
}

uint8_t ct_combining_class(uint32_t scalar) {
  if (is_always_composed(scalar)) return 0;
  size_t low = scalar < 0x10000 ? 0 : CLASS_RUNS_OF_BMP;
  size_t high = scalar < 0x10000 ? CLASS_RUNS_OF_BMP : scalar < 0x20000 ? COUNT(class_runs) : low;
  const size_t first = low;
  scalar &= 0xFFFF;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (class_starts[middle] <= scalar) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == first) return 0;
  const uint8_t run = class_runs[low - 1];
  return scalar - class_starts[low - 1] <= run >> 6 ? class_values[run & 0x3F] : 0;
}

/* One step of decomposition: the first part, or CT_NO_SCALAR; the second part, or CT_NO_SCALAR. */
static uint32_t first_part(uint32_t scalar, uint32_t *second) {
  *second = CT_NO_SCALAR;
  if (scalar < 0xC0) return CT_NO_SCALAR;
  if (scalar - SYLLABLE < SYLLABLE_COUNT) {
    const uint32_t index = scalar - SYLLABLE, trailing = index % TRAILING_COUNT;
    *second = trailing != 0 ? TRAILING + trailing : VOWEL + index / TRAILING_COUNT % VOWEL_COUNT;
    return trailing != 0 ? scalar - trailing : LEADING + index / (TRAILING_COUNT * VOWEL_COUNT);
  }
  const size_t double_index = index_in_runs(ideograph_runs, COUNT(ideograph_runs), scalar);
  if (double_index != not_found) {
    const uint32_t is_beyond = ideograph_planes[double_index / 8] >> double_index % 8 & 1;
    return is_beyond << 17 | ideograph_targets[double_index];
  }
  const size_t index = index_in_runs(composite_runs, COUNT(composite_runs), scalar);
  if (index == not_found) return CT_NO_SCALAR;
  const uint32_t plane = scalar & 0x1F0000;
  const size_t kind = composite_kinds[index] & SECOND_MASK;
  if (kind != NO_SECOND) *second = plane | composite_seconds[kind];
  return plane | composite_firsts[index];
}

size_t ct_decompose(uint32_t scalar, uint32_t parts[CT_LONGEST_DECOMPOSITION]) {
  uint32_t reversed[CT_LONGEST_DECOMPOSITION], second;
  size_t count = 0;
  /* Only the first part, and the one part of a double, can have parts of their own; U+0344 and similar are pairs of
   * marks. */
  for (uint32_t first; count + 1 < CT_LONGEST_DECOMPOSITION; scalar = first) {
    first = first_part(scalar, &second);
    if (first == CT_NO_SCALAR) break;
    if (second != CT_NO_SCALAR) reversed[count++] = second;
  }
  parts[0] = scalar;
  for (size_t index = 0; index < count; index++) parts[index + 1] = reversed[count - 1 - index];
  return count + 1;
}

/* The index of a second part, or of one with the same lower 16 bits; NO_SECOND if there is none. */
static uint8_t second_index(uint32_t scalar) {
  for (size_t index = 0; index < COUNT(composite_seconds); index++) {
    if (composite_seconds[index] == (scalar & 0xFFFF)) return (uint8_t)index;
  }
  return NO_SECOND;
}

uint32_t ct_compose(uint32_t first, uint32_t second) {
  if (first - LEADING < LEADING_COUNT && second - VOWEL < VOWEL_COUNT) {
    return SYLLABLE + ((first - LEADING) * VOWEL_COUNT + (second - VOWEL)) * TRAILING_COUNT;
  }
  if (first - SYLLABLE < SYLLABLE_COUNT && (first - SYLLABLE) % TRAILING_COUNT == 0 && second > TRAILING &&
      second < TRAILING + TRAILING_COUNT) {
    return first + (second - TRAILING);
  }
  if (is_always_composed(second) || first >> 16 != second >> 16) return CT_NO_SCALAR;
  const uint8_t kind = second_index(second);
  if (kind == NO_SECOND) return CT_NO_SCALAR;
  for (size_t index = 0; index < COUNT(composite_kinds); index++) {
    if (composite_kinds[index] != kind || composite_firsts[index] != (first & 0xFFFF)) continue;
    const uint32_t composite = composite_at(index);
    if (composite >> 16 == first >> 16) return composite;
  }
  return CT_NO_SCALAR;
}

bool ct_may_change_in_composition(uint32_t scalar) {
  if (is_always_composed(scalar)) return false;
  /* Hebrew and Arabic except U+0653-0655, Devanagari letters and vowels, Thai, Lao: their marks do not compose. */
  if ((scalar >= 0x483 && scalar < 0x653) || (scalar >= 0x656 && scalar < 0x93C) || (scalar >= 0x93D && scalar < 0x958) ||
      (scalar >= 0xDE0 && scalar < 0xF43)) {
    return false;
  }
  if (scalar - VOWEL < VOWEL_COUNT || (scalar > TRAILING && scalar < TRAILING + TRAILING_COUNT)) return true;
  if (second_index(scalar) != NO_SECOND) return true;
  if (index_in_runs(ideograph_runs, COUNT(ideograph_runs), scalar) != not_found) return true;
  const size_t index = index_in_runs(composite_runs, COUNT(composite_runs), scalar);
  return index != not_found && (composite_kinds[index] & EXCLUDED) != 0;
}
