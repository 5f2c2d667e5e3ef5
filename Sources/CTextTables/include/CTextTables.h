#ifndef CTEXTTABLES_H
#define CTEXTTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pinned Unicode and HTML tables of the tokenizer, made by Scripts/build/make_text_tables.py and, for composition,
 * Scripts/build/make_composition_tables.py.
 *
 * They are in C because constant Swift arrays are built on the heap in Embedded mode, and because Swift's own
 * Unicode tables are large and follow the toolchain's version. Every function accepts any value. */

/* Lets Swift import an enumeration as one that a switch can exhaust. */
#define CT_CLOSED __attribute__((enum_extensibility(closed)))

/* Where there is no scalar to return. */
#define CT_NO_SCALAR 0xFFFFFFFFu

/* The versions of the tables, part of the tokenizer id: "classes A, case B". */
const char *ct_unicode_version(void);

/* Which alternative of OpenAI's pattern a scalar belongs to; a separator belongs to none. */
enum CT_CLOSED ct_class { CT_SEPARATOR = 0, CT_LETTER = 1, CT_NUMBER = 2, CT_OTHER = 3 };
enum ct_class ct_piece_class(uint32_t scalar);

/* \s of Python's regex module. */
bool ct_is_regex_space(uint32_t scalar);

/* str.isspace: the same and U+001C-U+001F. */
bool ct_is_python_space(uint32_t scalar);

/* The simple lower case of a scalar. U+0130, whose lower case is two scalars, is returned unchanged. */
uint32_t ct_lower(uint32_t scalar);

/* What the final-sigma rule of str.lower sees. */
enum CT_CLOSED ct_casing { CT_UNCASED = 0, CT_CASED = 1, CT_CASE_IGNORABLE = 2 };
enum ct_casing ct_casing_of(uint32_t scalar);

/* Canonical composition (NFC). The tables are those of Scripts/build/make_composition_tables.py. */

/* The canonical combining class; 0 for a starter. */
uint8_t ct_combining_class(uint32_t scalar);

/* The full canonical decomposition, in canonical order only as far as the scalar's own parts go; the scalar itself if
 * it has none. Returns how many parts there are. */
enum { CT_LONGEST_DECOMPOSITION = 4 };
size_t ct_decompose(uint32_t scalar, uint32_t parts[CT_LONGEST_DECOMPOSITION]);

/* The scalar that the two compose to, or CT_NO_SCALAR. */
uint32_t ct_compose(uint32_t first, uint32_t second);

/* Whether composition may replace the scalar or join it to what stands before it. A text in which no scalar does,
 * and whose marks stand in canonical order, is composed already. */
bool ct_may_change_in_composition(uint32_t scalar);

/* The longest name of an HTML entity is 31 letters and digits; names that need no semicolon have at most 6. */
enum { CT_LONGEST_ENTITY_NAME = 31, CT_LONGEST_LEGACY_NAME = 6 };

/* Scalars that the entity `name` (without & and ;) stands for, at most 2; 0 if there is no such entity, or if
 * `legacy` is set and the name needs its semicolon. */
size_t ct_named_entity(const uint8_t *name, size_t length, bool legacy, uint32_t scalars[2]);

/* The scalar that the numeric reference to `number` stands for; CT_NO_SCALAR if it stands for nothing.
 * Numbers above 0x10FFFF and surrogates give U+FFFD. */
uint32_t ct_numeric_reference(uint32_t number);

#endif
