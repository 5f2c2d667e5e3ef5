#include "CTextTables.h"

#include "entity_tables.h"

_Static_assert(LONGEST_LEGACY_NAME == CT_LONGEST_LEGACY_NAME, "the header states another length");

/* One entry of the front-coded stream (make_text_tables.py, front_coded_entities). */
struct entry {
  size_t shared, suffix_length, value_length;
  bool legacy;
  const uint8_t *suffix, *value;
};

static struct entry entry_at(size_t offset) {
  const uint8_t *bytes = entity_stream + offset;
  struct entry entry = {.shared = bytes[0] & 31u,
                        .suffix_length = bytes[1] & 31u,
                        .value_length = bytes[1] >> 5,
                        .legacy = (bytes[0] & 32u) != 0,
                        .suffix = bytes + 2};
  entry.value = entry.suffix + entry.suffix_length;
  return entry;
}

/* The stream is generated, so its UTF-8 is valid. */
static size_t decode_value(const uint8_t *bytes, size_t length, uint32_t scalars[2]) {
  size_t count = 0, index = 0;
  while (index < length && count < 2) {
    const uint32_t lead = bytes[index];
    const size_t width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t scalar = width == 1 ? lead : lead & (0x7Fu >> width);
    for (size_t next = 1; next < width; next++) scalar = scalar << 6 | (bytes[index + next] & 0x3Fu);
    scalars[count++] = scalar;
    index += width;
  }
  return count;
}

static size_t bucket_of(uint8_t letter) {
  if (letter >= 'A' && letter <= 'Z') return (size_t)(letter - 'A');
  if (letter >= 'a' && letter <= 'z') return (size_t)(letter - 'a') + 26;
  return 52;
}

size_t ct_named_entity(const uint8_t *name, size_t length, bool legacy, uint32_t scalars[2]) {
  if (length == 0 || length > CT_LONGEST_ENTITY_NAME) return 0;
  const size_t bucket = bucket_of(name[0]);
  if (bucket == 52) return 0;
  /* Names are in byte order. So `matched`, the length of the prefix of `name` that the previous entry shares, decides
   * most entries without comparing their letters. */
  size_t matched = 0;
  for (size_t offset = entity_starts[bucket]; offset < entity_starts[bucket + 1];) {
    const struct entry entry = entry_at(offset);
    offset += 2 + entry.suffix_length + entry.value_length;
    if (entry.shared > matched) continue;
    if (entry.shared < matched) return 0;
    size_t index = 0;
    while (index < entry.suffix_length && matched < length && entry.suffix[index] == name[matched]) {
      index++;
      matched++;
    }
    if (index == entry.suffix_length && matched == length) {
      return entry.legacy || !legacy ? decode_value(entry.value, entry.value_length, scalars) : 0;
    }
  }
  return 0;
}

static bool stands_for_nothing(uint32_t number) {
  return (number >= 0x1 && number <= 0x8) || number == 0xB || (number >= 0xE && number <= 0x1F) ||
         number == 0x7F || (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
}

uint32_t ct_numeric_reference(uint32_t number) {
  if (number >= 0x80 && number <= 0x9F) return windows_1252[number - 0x80];
  if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF)) return 0xFFFD;
  return stands_for_nothing(number) ? CT_NO_SCALAR : number;
}
