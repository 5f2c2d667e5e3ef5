/* One bundle, and the mistakes that a caller can make with it: each must give an error code and never a crash. Built
 * with the sanitizers by Scripts/check/sanitize.sh, and without them by check-runtime.sh.
 *
 * usage: abuse BUNDLE     a bundle with both towers; prints nothing and exits with 0 if every guarantee holds */
#define _GNU_SOURCE
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pocketclip.h"

#define ITEMS 24
#define THREADS 8
#define MANY 10000
/* How often a bundle is opened and closed, and read while it changes; fewer with sanitizers, which are ten times
 * slower. */
#ifndef CYCLES
#define CYCLES 2000
#endif

static const char *bundle;
static pclip_error error;
static pclip_model *model;
static pclip_session *session;
static pclip_model_info info = {.size = sizeof info};
static float *pixels, *vectors, *expected;
static int32_t *ids;
static unsigned char image_bytes[40 * 30 * 3];
static const pclip_image image = {image_bytes, 40, 30, 0};
static size_t pixel_count, image_width, text_width, context;

/* ---- Verdicts ---- */

static void broken(const char *promise, int line) {
  fprintf(stderr, "abuse.c:%d: broken: %s (last error: %s)\n", line, promise, error.message);
  exit(1);
}
#define EXPECT(holds) ((holds) ? (void)0 : broken(#holds, __LINE__))
#define OK(call) EXPECT((call) == PCLIP_OK)
#define REFUSED(code, call) EXPECT((call) == (code))
#define ARGUMENT(call) REFUSED(PCLIP_E_ARGUMENT, call)

/* ---- Inputs ---- */

static pclip_session *new_session(const pclip_model *of) {
  pclip_session *made;
  OK(pclip_session_create(of, NULL, &made, &error));
  return made;
}

static void *zeros(size_t count) {
  void *memory = calloc(count, 1);
  EXPECT(memory != NULL);
  return memory;
}

static void prepare(void) {
  OK(pclip_open(bundle, NULL, &model, &error));
  OK(pclip_get_info(model, &info, &error));
  EXPECT(info.has_image && info.has_text);
  session = new_session(model);
  pixel_count = 3 * (size_t)info.image_size * (size_t)info.image_size;
  image_width = (size_t)info.image_output;
  text_width = (size_t)info.text_output;
  context = (size_t)info.context_length;
  pixels = zeros(ITEMS * pixel_count * sizeof *pixels);
  for (size_t i = 0; i < ITEMS * pixel_count; i++) pixels[i] = (float)(i * 7919 % 1000) / 500 - 1;
  for (size_t i = 0; i < sizeof image_bytes; i++) image_bytes[i] = (unsigned char)(i * 31);
  ids = zeros(ITEMS * context * sizeof *ids);
  for (size_t item = 0; item < ITEMS; item++) {
    size_t last = 1 + item % (context - 1);
    for (size_t i = 0; i < last; i++) ids[item * context + i] = (int32_t)((item + i) % (size_t)(info.vocabulary_size - 1));
    ids[item * context + last] = info.vocabulary_size - 1;
  }
  vectors = zeros(ITEMS * (image_width + text_width) * sizeof *vectors);
  expected = zeros(ITEMS * (image_width + text_width) * sizeof *expected);
}

/* Vectors of all items, images first. */
static int32_t encode(pclip_session *with, float *out, pclip_error *to) {
  int32_t code = pclip_encode_pixels(with, pixels, ITEMS, 0, out, ITEMS * image_width, NULL, to);
  return code ? code : pclip_encode_ids(with, ids, ITEMS, 0, out + ITEMS * image_width, ITEMS * text_width, NULL, to);
}

static int is_expected(const float *out) {
  return memcmp(out, expected, ITEMS * (image_width + text_width) * sizeof *out) == 0;
}

/* ---- Arguments ---- */

static void nulls(void) {
  int32_t count;
  pclip_model *none = NULL;
  pclip_session *no_session = NULL;
  ARGUMENT(pclip_open(NULL, NULL, &none, NULL));
  ARGUMENT(pclip_open(bundle, NULL, NULL, &error));
  ARGUMENT(pclip_open_memory(NULL, 64, NULL, &none, &error));
  REFUSED(PCLIP_E_FORMAT, pclip_open_memory("", 0, NULL, &none, &error));
  ARGUMENT(pclip_get_info(NULL, &info, &error));
  ARGUMENT(pclip_get_info(model, NULL, &error));
  ARGUMENT(pclip_check(NULL, &error));
  ARGUMENT(pclip_session_create(NULL, NULL, &no_session, &error));
  ARGUMENT(pclip_session_create(model, NULL, NULL, &error));
  ARGUMENT(pclip_self_test(NULL, &error));
  ARGUMENT(pclip_tokenize(NULL, (pclip_text){"a", 1}, ids, context, &count, NULL, &error));
  ARGUMENT(pclip_preprocess(session, NULL, vectors, pixel_count, &error));
  ARGUMENT(pclip_preprocess(session, &image, NULL, pixel_count, &error));
  ARGUMENT(pclip_encode_image(session, NULL, 1, 0, vectors, image_width, NULL, &error));
  ARGUMENT(pclip_encode_image(session, &image, 1, 0, NULL, image_width, NULL, &error));
  ARGUMENT(pclip_encode_pixels(session, NULL, 1, 0, vectors, image_width, NULL, NULL));
  ARGUMENT(pclip_encode_ids(NULL, ids, 1, 0, vectors, text_width, NULL, &error));
  ARGUMENT(pclip_encode_image(session, &(pclip_image){NULL, 8, 8, 0}, 1, 0, vectors, image_width, NULL, &error));
  ARGUMENT(pclip_similarity(NULL, 1, vectors, 1, 4, vectors + 4, &error));
  ARGUMENT(pclip_softmax(NULL, 1, 4, 1, &error));
  ARGUMENT(pclip_scores(NULL, vectors, 1, 4, NULL, &error));
  ARGUMENT(pclip_scores(model, NULL, 1, 4, NULL, &error));
  pclip_close(NULL);
  pclip_session_destroy(NULL);
  EXPECT(pclip_session_size(NULL, NULL) == 0 && none == NULL && no_session == NULL);
}

/* A pointer of the right type to an address of the wrong alignment. */
#define ASKEW(type, pointer) ((type *)((uintptr_t)(pointer) + 1))

static void unaligned_buffers(void) {
  int32_t code;
  pclip_model *none;
  pclip_session *no_session;
  ARGUMENT(pclip_encode_pixels(session, ASKEW(float, pixels), 1, 0, vectors, image_width, NULL, &error));
  EXPECT(strstr(error.message, "pixels") != NULL);
  ARGUMENT(pclip_encode_pixels(session, pixels, 1, 0, ASKEW(float, vectors), image_width, NULL, &error));
  ARGUMENT(pclip_encode_pixels(session, pixels, 1, 0, vectors, image_width, ASKEW(int32_t, &code), &error));
  ARGUMENT(pclip_encode_pixels(session, pixels, 1, 0, vectors, image_width, NULL, ASKEW(pclip_error, &error)));
  ARGUMENT(pclip_encode_ids(session, ASKEW(int32_t, ids), 1, 0, vectors, text_width, NULL, &error));
  ARGUMENT(pclip_encode_image(session, ASKEW(pclip_image, image_bytes), 1, 0, vectors, image_width, NULL, &error));
  ARGUMENT(pclip_preprocess(session, &image, ASKEW(float, vectors), pixel_count, &error));
  ARGUMENT(pclip_get_info(model, ASKEW(pclip_model_info, &info), &error));
  ARGUMENT(pclip_open(bundle, ASKEW(pclip_open_options, image_bytes), &none, &error));
  ARGUMENT(pclip_session_create(model, ASKEW(pclip_session_limits, image_bytes), &no_session, &error));
  ARGUMENT(pclip_similarity(ASKEW(float, vectors), 1, pixels, 1, 4, expected, &error));
  ARGUMENT(pclip_softmax(ASKEW(float, vectors), 1, 4, 1, &error));
  ARGUMENT(pclip_scores(model, ASKEW(float, vectors), 1, 4, NULL, &error));
  ARGUMENT(pclip_scores(model, vectors, 1, 4, ASKEW(float, pixels), &error));
}

static void aliased_buffers(void) {
  union {
    pclip_image images[ITEMS];
    pclip_text texts[ITEMS];
    int32_t statuses[ITEMS];
    float vectors[64 * ITEMS];
  } both;
  size_t out_count = sizeof both / sizeof(float);
  EXPECT(image_width <= 64);
  for (int i = 0; i < ITEMS; i++) both.images[i] = image;
  ARGUMENT(pclip_encode_image(session, both.images, ITEMS, 0, both.vectors, out_count, NULL, &error));
  ARGUMENT(pclip_encode_image(session, both.images, ITEMS, 0, vectors, ITEMS * image_width, both.statuses, &error));
  EXPECT(strstr(error.message, "statuses overlaps") != NULL);
  ARGUMENT(pclip_encode_pixels(session, pixels, ITEMS, 0, pixels + pixel_count, ITEMS * image_width, NULL, &error));
  ARGUMENT(pclip_encode_ids(session, ids, 2, 0, (float *)(ids + context), 2 * text_width, NULL, &error));
  ARGUMENT(pclip_encode_ids(session, ids, 2, 0, vectors, 2 * text_width, ids, &error));
  /* Adjacent memory without overlap is valid. */
  OK(pclip_encode_pixels(session, pixels, 1, 0, pixels + pixel_count, image_width, NULL, &error));
}

static void wrong_sizes(void) {
  pclip_error none;
  REFUSED(PCLIP_E_BUFFER, pclip_encode_pixels(session, pixels, 2, 0, vectors, 2 * image_width - 1, NULL, &error));
  char needed[32];
  snprintf(needed, sizeof needed, "needed are %zu", 2 * image_width);
  EXPECT(strstr(error.message, needed) != NULL);
  REFUSED(PCLIP_E_BUFFER, pclip_encode_ids(session, ids, 1, 0, vectors, 0, NULL, &error));
  int32_t count;
  int32_t too_small = pclip_tokenize(session, (pclip_text){"a", 1}, ids, context - 1, &count, NULL, &error);
  EXPECT(too_small == PCLIP_E_BUFFER);
  REFUSED(PCLIP_E_BUFFER, pclip_preprocess(session, &image, vectors, pixel_count - 1, &error));
  OK(pclip_encode_pixels(session, NULL, 0, 0, NULL, 0, NULL, &error));
  OK(pclip_encode_ids(session, NULL, 0, 0, NULL, 0, NULL, &error));
  ARGUMENT(pclip_encode_pixels(session, pixels, SIZE_MAX, 0, vectors, image_width, NULL, &error));
  ARGUMENT(pclip_encode_ids(session, ids, SIZE_MAX / 8, 0, vectors, text_width, NULL, &error));
  ARGUMENT(pclip_encode_pixels(session, pixels, 1, 99, vectors, image_width, NULL, &error));
  ARGUMENT(pclip_similarity(vectors, SIZE_MAX / 2, vectors, 3, 4, expected, &none));
}

/* 10,000 items in one call, a third of them invalid: the others have the same results as alone. */
static void many_items(void) {
  int32_t *many = zeros(MANY * context * sizeof *many), *statuses = zeros(MANY * sizeof *statuses);
  float *out = zeros(MANY * text_width * sizeof *out);
  for (size_t item = 0; item < MANY; item++) {
    memcpy(many + item * context, ids + item % ITEMS * context, context * sizeof *many);
    if (item % 3 == 1) many[item * context] = item % 2 ? info.vocabulary_size : -1;
  }
  OK(encode(session, expected, &error));
  OK(pclip_encode_ids(session, many, MANY, 0, out, MANY * text_width, statuses, &error));
  for (size_t item = 0; item < MANY; item++) {
    EXPECT(statuses[item] == (item % 3 == 1 ? PCLIP_E_TOKENS : PCLIP_OK));
    const float *alone = expected + ITEMS * image_width + item % ITEMS * text_width;
    EXPECT(item % 3 == 1 ? out[item * text_width] == 0 : !memcmp(out + item * text_width, alone, text_width * 4));
  }
  free(many), free(statuses), free(out);
}

static void odd_options(void) {
  pclip_model *opened;
  for (int32_t threads = 0; threads <= 1000; threads += 250) {
    pclip_open_options options = {.size = sizeof options, .threads = threads};
    OK(pclip_open(bundle, &options, &opened, &error));
    pclip_session *made = new_session(opened);
    OK(encode(made, vectors, &error));
    EXPECT(is_expected(vectors));
    pclip_session_destroy(made);
    pclip_close(opened);
  }
  ARGUMENT(pclip_open(bundle, &(pclip_open_options){.size = sizeof(pclip_open_options), .threads = -1}, &opened, &error));
  ARGUMENT(pclip_open(bundle, &(pclip_open_options){.size = 0}, &opened, &error));
  pclip_session *none;
  for (int32_t batch = -1; batch <= 10000; batch += 10001) {
    pclip_session_limits limits = {.size = sizeof limits, .max_batch = batch};
    ARGUMENT(pclip_session_create(model, &limits, &none, &error));
    EXPECT(pclip_session_size(model, &limits) == 0);
  }
  static const char *const wrong[][2] = {{"PCLIP_THREADS", "abc"}, {"PCLIP_THREADS", "100000"}, {"PCLIP_COPY", "yes"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char *before = getenv(wrong[i][0]);
    char kept[32];
    if (before) snprintf(kept, sizeof kept, "%s", before);
    setenv(wrong[i][0], wrong[i][1], 1);
    ARGUMENT(pclip_open(bundle, NULL, &opened, &error));
    EXPECT(strstr(error.message, wrong[i][0]) && strstr(error.message, wrong[i][1]));
    if (before) setenv(wrong[i][0], kept, 1);
    else unsetenv(wrong[i][0]);
  }
}

/* ---- Threads and forks ---- */

static atomic_size_t refusals;

static void *use_one_session(void *unused) {
  (void)unused;
  float *out = zeros(ITEMS * (image_width + text_width) * sizeof *out);
  for (int call = 0; call < 20; call++) {
    pclip_error own;
    int32_t code = encode(session, out, &own);
    if (code == PCLIP_OK) EXPECT(is_expected(out));
    else EXPECT(code == PCLIP_E_ARGUMENT && strstr(own.message, "another call"));
    refusals += code != PCLIP_OK;
  }
  free(out);
  return NULL;
}

static void *use_one_model(void *unused) {
  (void)unused;
  float *out = zeros(ITEMS * (image_width + text_width) * sizeof *out);
  pclip_session *own = new_session(model);
  for (int call = 0; call < 10; call++) {
    OK(encode(own, out, &(pclip_error){0}));
    EXPECT(is_expected(out));
  }
  pclip_session_destroy(own);
  free(out);
  return NULL;
}

/* A child computes the same results regardless of other threads, also with the session that they were using. */
static void in_child(void) {
  pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    alarm(60);
    _exit(encode(session, vectors, &error) == PCLIP_OK && is_expected(vectors) ? 0 : 1);
  }
  int status;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static void in_threads(void *(*body)(void *), int forks) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) EXPECT(pthread_create(threads + i, NULL, body, NULL) == 0);
  for (int i = 0; i < forks; i++) in_child();
  for (int i = 0; i < THREADS; i++) EXPECT(pthread_join(threads[i], NULL) == 0);
}

/* ---- The file changes while open ---- */

static char copied[] = "/tmp/pclip-abuse-XXXXXX";
static char *file_bytes;
static size_t file_size;

static void write_bundle(const char *bytes, size_t count) {
  FILE *file = fopen(copied, "r+");
  EXPECT(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

static void copy_bundle(void) {
  FILE *file = fopen(bundle, "r");
  EXPECT(file && fseek(file, 0, SEEK_END) == 0);
  file_size = (size_t)ftell(file);
  rewind(file);
  file_bytes = zeros(file_size);
  EXPECT(fread(file_bytes, 1, file_size, file) == file_size && fclose(file) == 0);
  int descriptor = mkstemp(copied);
  EXPECT(descriptor >= 0 && close(descriptor) == 0);
  write_bundle(file_bytes, file_size);
}

static pclip_model *open_copied(int32_t copy, int32_t *code) {
  pclip_model *opened = NULL;
  pclip_open_options options = {.size = sizeof options, .copy = copy};
  *code = pclip_open(copied, &options, &opened, &error);
  return opened;
}

/* Changes do not affect a bundle that was read into memory. If it is mapped, a missing page ends the process with
 * SIGBUS and nothing else. */
static void truncated_while_open(void) {
  int32_t code;
  pclip_model *read = open_copied(1, &code);
  OK(code);
  pclip_session *own = new_session(read);
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    pclip_session *mapped = new_session(open_copied(0, &code));
    EXPECT(truncate(copied, 4096) == 0);
    encode(mapped, vectors, &error);
    _exit(0);
  }
  int status;
  EXPECT(waitpid(child, &status, 0) == child);
  EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
  OK(encode(own, vectors, &error));
  EXPECT(is_expected(vectors));
  pclip_session_destroy(own);
  pclip_close(read);
  EXPECT(open_copied(0, &code) == NULL && code == PCLIP_E_FORMAT);
  write_bundle(file_bytes, file_size);
}

static atomic_int stop;

static void *truncate_again_and_again(void *unused) {
  (void)unused;
  for (size_t size = 0; !stop; size = (size + 4099) % file_size) {
    EXPECT(truncate(copied, (off_t)size) == 0);
    write_bundle(file_bytes, file_size);
  }
  return NULL;
}

static void truncated_while_read(void) {
  pthread_t other;
  EXPECT(pthread_create(&other, NULL, truncate_again_and_again, NULL) == 0);
  for (int i = 0; i < CYCLES / 10; i++) {
    int32_t code;
    pclip_model *opened = open_copied(1, &code);
    EXPECT(opened ? code == PCLIP_OK : code == PCLIP_E_FORMAT);
    pclip_close(opened);
  }
  stop = 1;
  EXPECT(pthread_join(other, NULL) == 0);
}

/* Arbitrary bytes after a valid header: wrong vectors or codes, but no access outside. */
static void rewritten_while_mapped(void) {
  char *noise = zeros(file_size);
  uint32_t state = 1;
  for (int round = 0; round < 8; round++) {
    write_bundle(file_bytes, file_size);
    int32_t code;
    pclip_model *opened = open_copied(0, &code);
    OK(code);
    pclip_session *own = new_session(opened);
    for (size_t i = 0; i < file_size; i++) noise[i] = (char)((state = state * 1664525u + 1013904223u) >> 24);
    if (round == 0) memset(noise, 0x80, file_size);
    if (round == 1) memset(noise, 0xFF, file_size);
    write_bundle(noise, file_size);
    encode(own, vectors, &error);
    pclip_encode_image(own, &image, 1, 0, vectors, image_width, NULL, &error);
    int32_t count;
    pclip_tokenize(own, (pclip_text){"a picture of noise", 18}, ids, context, &count, NULL, &error);
    EXPECT(pclip_check(opened, &error) != PCLIP_OK && pclip_self_test(own, &error) != PCLIP_OK);
    pclip_session_destroy(own);
    pclip_close(opened);
  }
  free(noise);
}

/* ---- Nothing leaks ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
size_t __sanitizer_get_current_allocated_bytes(void);
#define HEAP_BYTES() __sanitizer_get_current_allocated_bytes()
#endif
#endif
#ifndef HEAP_BYTES
#define HEAP_BYTES() mallinfo2().uordblks
#endif

static size_t open_files(void) {
  size_t count = 0;
  DIR *folder = opendir("/proc/self/fd");
  EXPECT(folder != NULL);
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

static size_t mappings_of_copied(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  EXPECT(maps != NULL);
  size_t count = 0;
  char line[512];
  while (fgets(line, sizeof line, maps)) count += strstr(line, copied) != NULL;
  fclose(maps);
  return count;
}

static void open_and_close(void) {
  size_t heap = 0, files = 0;
  for (int cycle = 0; cycle < CYCLES; cycle++) {
    if (cycle == 10) heap = HEAP_BYTES(), files = open_files();
    int32_t code;
    pclip_model *opened = open_copied(cycle % 2, &code);
    OK(code);
    pclip_session *own = new_session(opened);
    OK(pclip_encode_ids(own, ids, 1, 0, vectors, text_width, NULL, &error));
    pclip_session_destroy(own);
    pclip_close(opened);
    if (cycle % 4 == 0) EXPECT(pclip_open_memory(file_bytes, file_size - 1, NULL, &opened, &error) == PCLIP_E_FORMAT);
  }
  /* The allocator's own caches vary; the smallest possible leak per cycle is larger. */
  EXPECT(HEAP_BYTES() < heap + 8 * CYCLES);
  EXPECT(open_files() == files);
  EXPECT(mappings_of_copied() == 0);
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: abuse BUNDLE\n"), 64;
  bundle = argv[1];
  prepare();
  nulls();
  unaligned_buffers();
  wrong_sizes();
  many_items();
  odd_options();
  in_child();
  in_threads(use_one_session, 5);
  EXPECT(refusals > 0);
  in_threads(use_one_model, 5);
  copy_bundle();
  truncated_while_open();
  open_and_close();
  truncated_while_read();
  rewritten_while_mapped();
  aliased_buffers();
  unlink(copied);
  pclip_session_destroy(session);
  pclip_close(model);
  free(pixels), free(vectors), free(expected), free(ids), free(file_bytes);
  return 0;
}
