#ifndef CVOCABULARY_H
#define CVOCABULARY_H

#include <stddef.h>
#include <stdint.h>

/* OpenAI's byte-pair merges: exactly the bytes of a bundle's `tokenizer.merges` tensor.
 * Scripts/build/make_vocabulary.py writes them.
 *
 * Row i holds the ids of the left and right token that merge into id 512 + i; ids 0-255 are the bytes in OpenAI's
 * order, 256-511 the same at the end of a word. Rows from CVOCABULARY_MERGE_COUNT on are padding (0xFFFF). */

#define CVOCABULARY_MERGE_COUNT 48894
#define CVOCABULARY_ROW_COUNT 48896

/* CVOCABULARY_ROW_COUNT * 2 values, aligned to 64 bytes. */
const uint16_t *cvocabulary_openai_merges(void);

#endif
