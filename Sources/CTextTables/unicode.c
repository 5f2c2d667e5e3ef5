#include "CTextTables.h"

/* Every step-th scalar of a packed run moves by delta: movement = delta * 2 + (step - 1). */
struct lower_run {
  uint32_t run;
  int32_t movement;
};

#include "unicode_tables.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A packed run: its first scalar in the upper 21 bits, its length - 1 in the lower 11. */
static uint32_t run_start(uint32_t run) { return run >> 11; }
static uint32_t run_span(uint32_t run) { return run & 0x7FF; }

static bool is_in_runs(const uint32_t *runs, size_t count, uint32_t scalar) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (run_start(runs[middle]) <= scalar) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 && scalar - run_start(runs[low - 1]) <= run_span(runs[low - 1]);
}

const char *ct_unicode_version(void) { return CT_UNICODE_VERSION; }

bool ct_is_regex_space(uint32_t scalar) {
  if (scalar < 0x80) return scalar == ' ' || (scalar >= '\t' && scalar <= '\r');
  return scalar == 0x85 || scalar == 0xA0 || scalar == 0x1680 || (scalar >= 0x2000 && scalar <= 0x200A) ||
         scalar == 0x2028 || scalar == 0x2029 || scalar == 0x202F || scalar == 0x205F || scalar == 0x3000;
}

bool ct_is_python_space(uint32_t scalar) {
  return (scalar >= 0x1C && scalar <= 0x1F) || ct_is_regex_space(scalar);
}

enum ct_class ct_piece_class(uint32_t scalar) {
  if (scalar < 0x80) {
    const uint32_t folded = scalar | 0x20;
    if (folded >= 'a' && folded <= 'z') return CT_LETTER;
    if (scalar >= '0' && scalar <= '9') return CT_NUMBER;
    return ct_is_regex_space(scalar) ? CT_SEPARATOR : CT_OTHER;
  }
  if (is_in_runs(letter_runs, COUNT(letter_runs), scalar)) return CT_LETTER;
  if (is_in_runs(number_runs, COUNT(number_runs), scalar)) return CT_NUMBER;
  /* U+0345 is not a letter, but its case variants are: under IGNORECASE it matches no alternative of the pattern. */
  return ct_is_regex_space(scalar) || scalar == 0x345 ? CT_SEPARATOR : CT_OTHER;
}

enum ct_casing ct_casing_of(uint32_t scalar) {
  if (scalar < 0x80 && ct_piece_class(scalar) == CT_LETTER) return CT_CASED;
  if (is_in_runs(cased_runs, COUNT(cased_runs), scalar)) return CT_CASED;
  if (is_in_runs(case_ignorable_runs, COUNT(case_ignorable_runs), scalar)) return CT_CASE_IGNORABLE;
  return CT_UNCASED;
}

uint32_t ct_lower(uint32_t scalar) {
  if (scalar < 0x80) return scalar >= 'A' && scalar <= 'Z' ? scalar + 0x20 : scalar;
  size_t low = 0, high = COUNT(lower_runs);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (run_start(lower_runs[middle].run) <= scalar) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return scalar;
  const struct lower_run found = lower_runs[low - 1];
  const uint32_t distance = scalar - run_start(found.run);
  const bool every_other = (found.movement & 1) != 0;
  if (distance > run_span(found.run) || (every_other && (distance & 1) != 0)) return scalar;
  const int32_t delta = (found.movement - (every_other ? 1 : 0)) / 2;
  return (uint32_t)((int32_t)scalar + delta);
}
