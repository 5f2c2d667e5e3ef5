#include "CVocabulary.h"

/* #embed is C23. clang supports it as an extension in every mode, and no other compiler builds this target. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const _Alignas(64) unsigned char openai_merges[] = {
#embed "openai-merges.u16"
};
#pragma clang diagnostic pop

_Static_assert(sizeof(openai_merges) == CVOCABULARY_ROW_COUNT * 2 * sizeof(uint16_t),
               "openai-merges.u16 is not [48896, 2]: run Scripts/build/make_vocabulary.py");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the embedded merges are little-endian");

const uint16_t *cvocabulary_openai_merges(void) {
  return (const uint16_t *)(const void *)openai_merges;
}
