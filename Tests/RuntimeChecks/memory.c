/* Fails every memory request behind the C interface once, and then all requests from one on. Each call must return
 * PCLIP_E_MEMORY or a correct result, and must release its memory.
 *
 * The library requests memory by mmap alone, and threads by pthread_create; both are replaced here.
 *
 * usage: memory BUNDLE       both towers or one; prints the number of failed requests
 *        memory -open FILE   opens any file, which may need two mappings: the file and one reservation */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pocketclip.h"

/* ---- Requests ---- */

static atomic_long requests;  /* since the count was set to 0 */
static long refused;          /* the request that fails; −1: none */
static int refuses_for_ever;
static atomic_long mapped;    /* bytes */
static _Thread_local int is_helper; /* threads of the pool map their stacks themselves */

static int is_refused(void) {
  long number = atomic_fetch_add(&requests, 1);
  return refused >= 0 && (refuses_for_ever ? number >= refused : number == refused);
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
  static void *(*real)(void *, size_t, int, int, int, off_t);
  if (!real) real = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
  if (is_helper == 0 && is_refused()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  void *result = real(address, length, protection, flags, descriptor, offset);
  if (result != MAP_FAILED) atomic_fetch_add(&mapped, (long)((length + 4095) / 4096 * 4096));
  return result;
}

int munmap(void *address, size_t length) {
  static int (*real)(void *, size_t);
  if (!real) real = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "munmap");
  atomic_fetch_sub(&mapped, (long)((length + 4095) / 4096 * 4096));
  return real(address, length);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *context) {
  static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (!real)
    real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
  return is_refused() ? EAGAIN : real(thread, attributes, body, context);
}

/* ---- Verdicts ---- */

static long points, errors;
static pclip_error error;

static void broken(const char *promise, int line) {
  fprintf(stderr, "memory.c:%d: broken: %s; request %ld refused%s; last error: %s\n", line, promise, refused,
          refuses_for_ever ? " and all after it" : "", error.message);
  exit(1);
}
#define EXPECT(holds) ((holds) ? (void)0 : broken(#holds, __LINE__))

/* Whether a call succeeded; otherwise it must have reported that there is no memory. */
static int done(int32_t code) {
  if (code == PCLIP_OK) return 1;
  EXPECT(code == PCLIP_E_MEMORY);
  EXPECT(strstr(error.message, "no memory for") != NULL);
  errors++;
  return 0;
}

/* ---- A typical program ---- */

#define ITEMS 3
typedef struct results {
  float image[ITEMS * 64], pixels[ITEMS * 64], text[ITEMS * 64];
  pclip_model_info info;
} results;

static unsigned char samples[40 * 30 * 3];
static float *prepared;
static char *file_bytes;
static size_t file_count;

static void encode(pclip_session *session, const pclip_model_info *info, results *out) {
  const pclip_image images[ITEMS] = {{samples, 40, 30, 0}, {samples, 30, 40, 0}, {samples, 36, 33, 0}};
  if (info->has_image) {
    size_t room = sizeof out->image / sizeof *out->image;
    EXPECT(pclip_encode_image(session, images, ITEMS, 0, out->image, room, NULL, &error) == PCLIP_OK);
    EXPECT(pclip_preprocess(session, images, prepared, 3 * (size_t)info->image_size * (size_t)info->image_size, &error) == PCLIP_OK);
    EXPECT(pclip_encode_pixels(session, prepared, 1, 0, out->pixels, room, NULL, &error) == PCLIP_OK);
  }
  if (info->has_text) {
    int32_t ids[3 * 4096] = {0};
    for (int item = 0; item < ITEMS; item++) {
      ids[item * info->context_length] = 1 + item;
      ids[item * info->context_length + 1] = info->vocabulary_size - 1;
    }
    EXPECT(pclip_encode_ids(session, ids, ITEMS, 0, out->text, sizeof out->text / sizeof *out->text, NULL, &error) == PCLIP_OK);
  }
}

static void use(pclip_model *model, results *out) {
  out->info.size = sizeof out->info;
  EXPECT(pclip_get_info(model, &out->info, &error) == PCLIP_OK);
  done(pclip_check(model, &error));
  pclip_session *session = NULL;
  (void)pclip_session_size(model, NULL); /* 0 if there is no memory */
  if (!done(pclip_session_create(model, NULL, &session, &error))) {
    EXPECT(session == NULL);
    return;
  }
  encode(session, &out->info, out);
  done(pclip_self_test(session, &error));
  pclip_session_destroy(session);
}

static void run(const char *bundle, results *out) {
  pclip_open_options copied = {.size = sizeof copied, .copy = 1};
  pclip_model *model = NULL;
  if (done(pclip_open(bundle, NULL, &model, &error))) use(model, out);
  pclip_close(model);
  model = NULL;
  if (done(pclip_open(bundle, &copied, &model, &error))) use(model, out);
  pclip_close(model);
  model = NULL;
  /* Memory that is not aligned is copied. */
  if (done(pclip_open_memory(file_bytes + 1, file_count, NULL, &model, &error))) use(model, out);
  pclip_close(model);
}

/* ---- The trials ---- */

static void read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  EXPECT(file != NULL && fseek(file, 0, SEEK_END) == 0);
  file_count = (size_t)ftell(file);
  rewind(file);
  file_bytes = malloc(file_count + 64);
  EXPECT(file_bytes != NULL && fread(file_bytes + 1, 1, file_count, file) == file_count);
  fclose(file);
}

static void refuse(const char *bundle, const results *expected) {
  static results found;
  for (refuses_for_ever = 0; refuses_for_ever < 2; refuses_for_ever++) {
    for (refused = 0;; refused++, points++) {
      memset(&found, 0, sizeof found);
      long before = mapped;
      atomic_store(&requests, 0);
      run(bundle, &found);
      EXPECT(mapped == before);
      if (requests <= refused) break; /* no request failed any more */
      /* Results never change. */
      for (size_t i = 0; i < ITEMS * 64; i++) {
        EXPECT(found.image[i] == 0 || found.image[i] == expected->image[i]);
        EXPECT(found.pixels[i] == 0 || found.pixels[i] == expected->pixels[i]);
        EXPECT(found.text[i] == 0 || found.text[i] == expected->text[i]);
      }
    }
  }
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "-open") == 0) {
    refused = -1;
    pclip_model *model = NULL;
    int32_t code = pclip_open(arguments[2], NULL, &model, &error);
    EXPECT(requests <= 2);
    pclip_close(model);
    EXPECT(mapped == 0);
    printf("%s\n", code ? error.message : "opened");
    return 0;
  }
  if (count != 2) return 2;
  static results expected;
  prepared = calloc(3 * 1024 * 1024, sizeof *prepared);
  for (size_t i = 0; i < sizeof samples; i++) samples[i] = (unsigned char)(i * 31);
  read_file(arguments[1]);
  refused = -1;
  run(arguments[1], &expected);
  EXPECT(errors == 0);
  refuse(arguments[1], &expected);
  printf("%ld requests for memory refused: %ld calls said so, all others gave the same vectors\n", points, errors);
  return 0;
}
