/* One bundle, and all guarantees of pocketclip.h that need a separate process:
 *
 *   - a vector's bits do not depend on batch, order, neighbours or threads, nor on a fork or an affinity limit;
 *   - encoding allocates no memory: mmap, malloc and similar are counted over 1,000 calls.
 *
 * usage: same_bits BUNDLE [ISA [emulated]]     prints a digest of the vectors, which other languages must reproduce
 *
 * `emulated`: skips what is slow in an emulator, or impossible: forks of a process with threads. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pocketclip.h"

#define ITEMS 16
#define CALLS 1000

/* ---- Every function that allocates memory, counted ---- */

static long allocations;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);
void *malloc(size_t size) { return allocations++, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return allocations++, __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return allocations++, __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return allocations++, __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = __libc_memalign(alignment, size);
  return allocations++, *memory ? 0 : 12;
}
void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
  return allocations++, (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
}

/* ---- Inputs: images of many shapes, texts of every length ---- */

static pclip_error error;
static pclip_model_info info = {.size = sizeof info};
static unsigned char pixels[ITEMS][96 * 96 * 3];
static pclip_image images[ITEMS];
static int32_t *texts;

static void check(int32_t code) {
  if (code == PCLIP_OK) return;
  fprintf(stderr, "%s: %s\n", pclip_error_name(code), error.message);
  exit(1);
}

static uint32_t next(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

static void make_inputs(void) {
  uint32_t state = 1;
  for (int item = 0; item < ITEMS; item++) {
    for (size_t i = 0; i < sizeof pixels[item]; i++) pixels[item][i] = (unsigned char)(next(&state) >> 24);
    images[item] = (pclip_image){pixels[item], 33 + 4 * item, 96 - 3 * item, 0};
  }
  int32_t context = info.context_length, last = info.vocabulary_size - 1;
  texts = calloc((size_t)(ITEMS * context), sizeof *texts);
  for (int item = 0; item < ITEMS; item++) {
    int32_t *text = texts + item * context, length = 2 + item * (context - 2) / (ITEMS - 1);
    for (int32_t i = 0; i < length; i++) text[i] = (int32_t)(next(&state) >> 8) % (last - 1);
    text[length - 1] = last;
  }
}

/* ---- Vectors of all items, in batches of `batch`, from item order[i] ---- */

static size_t width(void) { return (size_t)(info.image_output + info.text_output); }

static void encode(pclip_session *session, const int *order, int batch, float *vectors) {
  static pclip_image slice[ITEMS];
  static int32_t ids[ITEMS * 4096];
  static float out[ITEMS * 16384];
  size_t image = (size_t)info.image_output, text = (size_t)info.text_output, context = (size_t)info.context_length;
  for (int first = 0; first < ITEMS; first += batch) {
    size_t count = (size_t)(ITEMS - first < batch ? ITEMS - first : batch);
    for (size_t i = 0; i < count; i++) {
      slice[i] = images[order[first + (int)i]];
      memcpy(ids + i * context, texts + (size_t)order[first + (int)i] * context, context * sizeof *ids);
    }
    if (image) check(pclip_encode_image(session, slice, count, 0, out, count * image, NULL, &error));
    for (size_t i = 0; i < count; i++) memcpy(vectors + (size_t)order[first + (int)i] * width(), out + i * image, image * 4);
    if (text) check(pclip_encode_ids(session, ids, count, 0, out, count * text, NULL, &error));
    for (size_t i = 0; i < count; i++)
      memcpy(vectors + (size_t)order[first + (int)i] * width() + image, out + i * text, text * 4);
  }
}

static const int in_order[ITEMS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const int shuffled[ITEMS] = {11, 2, 15, 0, 7, 9, 4, 13, 1, 14, 6, 3, 12, 8, 5, 10};
static float *expected, *found;

static int differs(pclip_session *session, const int *order, int batch) {
  memset(found, 0, ITEMS * width() * 4);
  encode(session, order, batch, found);
  return memcmp(found, expected, ITEMS * width() * 4) != 0;
}

static int failures;
static void expect(int holds, const char *what, int number) {
  if (holds) return;
  failures++;
  fprintf(stderr, "FAILED: %s (%d)\n", what, number);
}

/* Requires a child to compute the same, on one processor if `is_limited`. */
static void expect_in_child(pclip_session *session, int is_limited) {
  pid_t child = fork();
  if (child == 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (is_limited && sched_setaffinity(0, sizeof one, &one) != 0) _exit(3);
    _exit(differs(session, shuffled, 3));
  }
  int status = -1;
  waitpid(child, &status, 0);
  expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "same bits in a forked child", is_limited);
}

static void expect_no_allocation(pclip_session *session) {
  static const pclip_text words = {"a photo of a teapot", 19};
  int32_t truncated;
  encode(session, in_order, ITEMS, found);
  long before = allocations;
  for (int call = 0; call < CALLS; call++) {
    if (info.has_image) check(pclip_encode_image(session, images + call % ITEMS, 1, 0, found, width(), NULL, &error));
    if (info.has_tokenizer) check(pclip_encode_text(session, &words, 1, 0, found, width(), &truncated, NULL, &error));
    if (info.has_text)
      check(pclip_encode_ids(session, texts + call % ITEMS * info.context_length, 1, 0, found, width(), NULL, &error));
  }
  expect(allocations == before, "no allocation in 1,000 calls", (int)(allocations - before));
}

int main(int argc, char **argv) {
  const int is_emulated = argc > 3;
  if (argc < 2) return fprintf(stderr, "usage: same_bits BUNDLE [ISA [emulated]]\n"), 64;
  for (int threads = 1; threads <= 2; threads++) {
    pclip_open_options options = {.size = sizeof options, .threads = threads, .isa = argc > 2 && *argv[2] ? argv[2] : NULL};
    pclip_model *model;
    pclip_session *session;
    check(pclip_open(argv[1], &options, &model, &error));
    long before = allocations;
    check(pclip_session_create(model, NULL, &session, &error));
    expect(allocations > before, "the library's allocations are seen", threads);
    check(pclip_get_info(model, &info, &error));
    if (threads == 1) {
      make_inputs();
      expected = calloc(ITEMS * width(), sizeof *expected);
      found = calloc(ITEMS * width(), sizeof *found);
      encode(session, in_order, 1, expected);
    }
    static const int batches[] = {1, 3, 16};
    for (int i = 0; i < 3; i++) {
      expect(!differs(session, in_order, batches[i]), "same bits in order, batch", batches[i]);
      expect(!differs(session, shuffled, batches[i]), "same bits shuffled, batch", batches[i]);
    }
    if (!is_emulated) {
      expect_in_child(session, 0);
      expect_in_child(session, 1);
      expect_no_allocation(session);
    }
    pclip_session_destroy(session);
    pclip_close(model);
  }
  uint64_t digest = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < ITEMS * width() * 4; i++) digest = (digest ^ ((unsigned char *)expected)[i]) * 1099511628211u;
  printf("%016llx %s\n", (unsigned long long)digest, info.isa);
  return failures > 0;
}
