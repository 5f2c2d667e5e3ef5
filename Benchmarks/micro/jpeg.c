/* From JPEG files to vectors with all cores, compared with decoding alone.
 *
 *   jpeg BUNDLE ROUNDS SECONDS FILE.jpg...
 *
 * Two threads, each with its own session and a model opened with `threads` 1. A thread decodes an image, prepares it
 * at once (so its 36 MB are freed early), and encodes eight prepared images together. Decoding in one thread overlaps
 * computing in the other. One JSON object: images per second of each round. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "CImageCodecs.h"
#include "pocketclip.h"

enum { THREADS = 2, BATCH = 8, MAX_FILES = 64, MAX_ROUNDS = 100 };
enum step { DECODE, PREPARE, ENCODE, STEPS };

typedef struct {
  uint8_t *bytes;
  size_t count;
} file;

typedef struct {
  const pclip_model *model;
  const file *files;
  size_t file_count;
  enum step last;
  double seconds, rate;
  pthread_barrier_t *barrier;
} job;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "jpeg: %s\n", what);
  exit(1);
}

static file read_file(const char *path) {
  FILE *stream = fopen(path, "rb");
  if (!stream || fseek(stream, 0, SEEK_END)) fail(path);
  long size = ftell(stream);
  file f = {malloc(size > 0 ? (size_t)size : 1), size > 0 ? (size_t)size : 0};
  rewind(stream);
  if (!f.bytes || fread(f.bytes, 1, f.count, stream) != f.count) fail(path);
  fclose(stream);
  return f;
}

/* The decoded image in *pixels, which is allocated once and reused, because all files have one size. */
static pclip_image decode(const file *f, uint8_t **pixels) {
  char message[CIC_MESSAGE_BYTES];
  cic_header header;
  if (cic_jpeg_read_header(f->bytes, f->count, &header, message) || header.layout != CIC_RGB) fail("not an RGB JPEG");
  size_t size = (size_t)header.width * header.height * 3;
  if (!*pixels && !(*pixels = malloc(size))) fail("memory");
  if (cic_jpeg_decode(f->bytes, f->count, *pixels, size, message)) fail(message);
  return (pclip_image){*pixels, (int32_t)header.width, (int32_t)header.height, 0};
}

static void *worker(void *argument) {
  job *j = argument;
  pclip_error error;
  pclip_session *session;
  pclip_model_info info = {.size = sizeof info};
  pclip_session_limits limits = {.size = sizeof limits, .max_batch = BATCH};
  if (pclip_get_info(j->model, &info, &error) || pclip_session_create(j->model, &limits, &session, &error))
    fail(error.message);
  size_t each = 3 * (size_t)info.image_size * (size_t)info.image_size, dim = (size_t)info.image_output, done = 0;
  float *prepared = malloc(BATCH * each * sizeof *prepared), *vectors = malloc(BATCH * dim * sizeof *vectors);
  uint8_t *pixels = NULL;
  pthread_barrier_wait(j->barrier);
  double begin = now();
  do {
    for (size_t i = 0; i < BATCH; i++, done++) {
      pclip_image image = decode(&j->files[done % j->file_count], &pixels);
      if (j->last >= PREPARE && pclip_preprocess(session, &image, prepared + i * each, each, &error))
        fail(error.message);
    }
    if (j->last == ENCODE && pclip_encode_pixels(session, prepared, BATCH, 0, vectors, BATCH * dim, NULL, &error))
      fail(error.message);
  } while (now() - begin < j->seconds);
  j->rate = (double)done / (now() - begin);
  pclip_session_destroy(session);
  free(prepared), free(vectors), free(pixels);
  return NULL;
}

/* Images per second of `threads` threads together. */
static double rate(job prototype, int threads) {
  pthread_t ids[THREADS];
  job jobs[THREADS];
  pthread_barrier_t barrier;
  double total = 0;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  prototype.barrier = &barrier;
  for (int i = 0; i < threads; i++) {
    jobs[i] = prototype;
    if (pthread_create(&ids[i], NULL, worker, &jobs[i])) fail("no thread");
  }
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL), total += jobs[i].rate;
  pthread_barrier_destroy(&barrier);
  return total;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    enum step last;
    int threads;
  } modes[] = {{"decode, one thread", DECODE, 1},
               {"decode", DECODE, THREADS},
               {"decode and prepare", PREPARE, THREADS},
               {"vectors", ENCODE, THREADS}};
  enum { MODES = sizeof modes / sizeof *modes };
  static double rates[MODES][MAX_ROUNDS];
  static file files[MAX_FILES];
  int rounds = argc > 2 ? atoi(argv[2]) : 0;
  size_t file_count = argc > 4 ? (size_t)argc - 4 : 0;
  if (!file_count || file_count > MAX_FILES || rounds < 1 || rounds > MAX_ROUNDS)
    return fprintf(stderr, "usage: jpeg BUNDLE ROUNDS SECONDS FILE.jpg...\n"), 64;
  pclip_model *model;
  pclip_error error;
  pclip_open_options options = {.size = sizeof options, .threads = 1};
  if (pclip_open(argv[1], &options, &model, &error)) fail(error.message);
  for (size_t i = 0; i < file_count; i++) files[i] = read_file(argv[4 + i]);
  for (int round = 0; round < rounds; round++)
    for (int turn = 0; turn < MODES; turn++) {
      int mode = (turn + round) % MODES;
      job prototype = {.model = model, .files = files, .file_count = file_count, .last = modes[mode].last,
                       .seconds = atof(argv[3])};
      rates[mode][round] = rate(prototype, modes[mode].threads);
    }
  for (int mode = 0; mode < MODES; mode++) {
    printf("%s\"%s\": [", mode ? ", " : "{", modes[mode].name);
    for (int round = 0; round < rounds; round++) printf("%s%.4g", round ? ", " : "", rates[mode][round]);
    printf("]");
  }
  printf("}\n");
  pclip_close(model);
}
