/* Decodes JPEG files into memory that is reused, with the library and the settings of `pocketclip`, and nothing else.
 *
 *   decode THREADS COUNT FILE.jpg...
 *
 * Each thread decodes every THREADS-th of COUNT images; the files repeat. The caller measures time and CPU time. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "CImageCodecs.h"

enum { MAX_THREADS = 64 };

static char **paths;
static size_t path_count, image_count, thread_count;

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "decode: %s\n", what);
  exit(1);
}

static uint8_t *read_file(const char *path, size_t *count) {
  FILE *stream = fopen(path, "rb");
  if (!stream || fseek(stream, 0, SEEK_END)) fail(path);
  long size = ftell(stream);
  uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
  rewind(stream);
  *count = size > 0 ? (size_t)size : 0;
  if (!bytes || fread(bytes, 1, *count, stream) != *count) fail(path);
  fclose(stream);
  return bytes;
}

static void *worker(void *first) {
  uint8_t *pixels = NULL;
  size_t capacity = 0;
  for (size_t i = (size_t)first; i < image_count; i += thread_count) {
    char message[CIC_MESSAGE_BYTES];
    cic_header header;
    size_t count;
    uint8_t *bytes = read_file(paths[i % path_count], &count);
    if (cic_jpeg_read_header(bytes, count, &header, message)) fail(message);
    size_t size = (size_t)header.width * header.height * header.bytes_per_pixel;
    if (size > capacity) {
      free(pixels);
      pixels = malloc(size);
      if (!pixels) fail("memory");
      capacity = size;
    }
    if (cic_jpeg_decode(bytes, count, pixels, size, message)) fail(message);
    free(bytes);
  }
  free(pixels);
  return NULL;
}

int main(int argc, char **argv) {
  thread_count = argc > 3 ? (size_t)atol(argv[1]) : 0;
  if (thread_count < 1 || thread_count > MAX_THREADS)
    return fprintf(stderr, "usage: decode THREADS COUNT FILE.jpg...\n"), 64;
  image_count = (size_t)atol(argv[2]);
  paths = argv + 3;
  path_count = (size_t)argc - 3;
  pthread_t threads[MAX_THREADS];
  for (size_t i = 0; i < thread_count; i++)
    if (pthread_create(&threads[i], NULL, worker, (void *)i)) fail("no thread");
  for (size_t i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
}
