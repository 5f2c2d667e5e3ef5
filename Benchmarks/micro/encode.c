/* Encodes generated inputs on one thread for some seconds of processor time, for `make bench-profile`.
 *
 *   encode LIBRARY BUNDLE image|text BATCH ARITHMETIC SECONDS    (arithmetic: fast, exact, bf16; PCLIP_ISA selects kernels)
 *
 * Prints the least milliseconds per item. Texts have the model's context length. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pocketclip.h"

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static uint32_t next(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static void *symbol(void *library, const char *name) {
  void *found = library ? dlsym(library, name) : NULL;
  if (!found) {
    fprintf(stderr, "error: %s\n", dlerror());
    exit(1);
  }
  return found;
}

#define FUNCTION(name) __typeof__(&name) encode_##name = (__typeof__(&name))symbol(library, #name)
#define CHECK(call)                              \
  if ((call) != PCLIP_OK) {                      \
    fprintf(stderr, "error: %s\n", error.message); \
    return 1;                                    \
  }

int main(int count, char **arguments) {
  if (count != 7) return 64;
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  FUNCTION(pclip_open);
  FUNCTION(pclip_get_info);
  FUNCTION(pclip_session_create);
  FUNCTION(pclip_encode_pixels);
  FUNCTION(pclip_encode_ids);
  const int is_text = strcmp(arguments[3], "text") == 0, batch = atoi(arguments[4]);
  const int32_t arithmetic = strcmp(arguments[5], "exact") == 0  ? PCLIP_ARITHMETIC_EXACT
                             : strcmp(arguments[5], "bf16") == 0 ? PCLIP_ARITHMETIC_BF16
                                                                 : PCLIP_ARITHMETIC_FAST;
  pclip_error error = {0};
  pclip_model *model;
  pclip_session *session;
  pclip_model_info info = {.size = sizeof info};
  const pclip_open_options options = {.size = sizeof options, .arithmetic = arithmetic, .threads = 1};
  CHECK(encode_pclip_open(arguments[2], &options, &model, &error))
  CHECK(encode_pclip_get_info(model, &info, &error))
  const pclip_session_limits limits = {.size = sizeof limits, .max_batch = batch};
  CHECK(encode_pclip_session_create(model, &limits, &session, &error))

  const size_t items = (size_t)batch, context = (size_t)info.context_length, side = (size_t)info.image_size;
  const size_t pixels = is_text ? 0 : items * 3 * side * side, values = is_text ? items * context : 0;
  const size_t outputs = items * (size_t)(is_text ? info.text_output : info.image_output);
  float *image = malloc((pixels + 1) * sizeof *image), *out = malloc(outputs * sizeof *out);
  int32_t *ids = malloc((values + 1) * sizeof *ids);
  if (!image || !ids || !out) return 1;
  uint64_t state = 1;
  for (size_t i = 0; i < pixels; i++) image[i] = (float)next(&state) * 0x1p-29f - 2;
  /* The largest id ends a text. */
  for (size_t i = 0; i < values; i++)
    ids[i] = i % context + 1 == context ? info.vocabulary_size - 1 : (int32_t)(next(&state) % (uint32_t)(info.vocabulary_size - 1));

  double least = 1e9;
  for (double total = 0, limit = atof(arguments[6]); total < limit;) {
    const double begin = seconds();
    if (is_text) {
      CHECK(encode_pclip_encode_ids(session, ids, items, 0, out, outputs, NULL, &error))
    } else {
      CHECK(encode_pclip_encode_pixels(session, image, items, 0, out, outputs, NULL, &error))
    }
    const double time = seconds() - begin;
    total += time;
    if (time < least) least = time;
  }
  printf("%.3f\n", least * 1e3 / batch);
  return 0;
}
