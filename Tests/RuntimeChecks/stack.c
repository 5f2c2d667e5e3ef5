/* The stack that the calls need: each runs on a thread whose stack was filled with a pattern before.
 *
 * usage: stack BUNDLE    prints how many bytes the deepest call reached; fails beyond the limit in pocketclip.h */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pocketclip.h"

#define STACK ((size_t)1 << 20)
#define PAINT 0xA5

static const char *bundle;
static pclip_error error;

_Noreturn static void failed(const char *what) {
  fprintf(stderr, "stack.c: %s: %s\n", what, error.message);
  exit(1);
}

static void *use(void *unused) {
  (void)unused;
  static unsigned char samples[40 * 30 * 3];
  static float vectors[4 * 4096], pixels[3 * 1024 * 1024];
  static int32_t ids[4096];
  const pclip_image image = {samples, 40, 30, 0};
  const pclip_text text = {"a photo of a cat", 16};
  pclip_model *model;
  pclip_session *session;
  pclip_model_info info = {.size = sizeof info};
  if (pclip_open(bundle, NULL, &model, &error) || pclip_get_info(model, &info, &error) || pclip_check(model, &error) ||
      pclip_session_create(model, NULL, &session, &error) || pclip_self_test(session, &error))
    failed("opening");
  size_t room = sizeof vectors / sizeof *vectors;
  if (info.has_image && (pclip_preprocess(session, &image, pixels, sizeof pixels / sizeof *pixels, &error) ||
                         pclip_encode_pixels(session, pixels, 1, 0, vectors, room, NULL, &error) ||
                         pclip_encode_image(session, &image, 1, 0, vectors, room, NULL, &error)))
    failed("images");
  if (info.has_tokenizer && pclip_encode_text(session, &text, 1, 0, vectors, room, NULL, NULL, &error)) failed("texts");
  ids[1] = info.vocabulary_size - 1;
  if (info.has_text && pclip_encode_ids(session, ids, 1, 0, vectors, room, NULL, &error)) failed("ids");
  if (pclip_scores(model, vectors, 1, 4, NULL, &error) || pclip_similarity(vectors, 1, vectors, 1, 4, pixels, &error)) failed("scores");
  /* Formatting an error needs stack, too. */
  if (pclip_open("/no such file", NULL, &model, &error) != PCLIP_E_OPEN) failed("an error");
  pclip_session_destroy(session);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  bundle = arguments[1];
  unsigned char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) failed("a stack");
  memset(stack, PAINT, STACK);
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, stack, STACK) ||
      pthread_create(&thread, &attributes, use, NULL) || pthread_join(thread, NULL))
    failed("a thread");
  size_t untouched = 0;
  while (untouched < STACK && stack[untouched] == PAINT) untouched++;
  printf("%zu bytes of stack reached\n", STACK - untouched);
  return STACK - untouched >= (size_t)96 << 10;
}
