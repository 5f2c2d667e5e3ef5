/* PocketCLIP runtime: computes embeddings from text and pixels.
 *
 * This header is the manual and the contract. The library needs only libc, prints nothing, never exits and
 * never allocates inside an encode call.
 *
 *   pclip_model *model; pclip_session *session; pclip_error error;
 *   if (pclip_open("b32.pclip", NULL, &model, &error)) die(error.message);
 *   if (pclip_session_create(model, NULL, &session, &error)) die(error.message);
 *   pclip_encode_image(session, &image, 1, 0, vector, dim, NULL, &error);
 *
 * OBJECTS. A `pclip_model` is immutable once open: any number of threads may use one at the same time. A
 * `pclip_session` owns the working memory of one caller and runs one call at a time; a second call during the
 * first returns PCLIP_E_ARGUMENT. Many sessions may share a model.
 *
 * BUFFERS. Pointers must be aligned for their types (PCLIP_E_ARGUMENT). Arrays that a call writes must not overlap
 * arrays that it reads. The encode functions refuse an overlap (PCLIP_E_ARGUMENT); the other functions then write
 * undefined values. The bytes of images and texts may be anywhere except in an output.
 *
 * THREADS. Loading the library and opening a bundle start no thread. The first call that uses more than one thread
 * starts one pool for the whole process. After fork() the child gets its own pool. A call that is running during
 * fork() must not be used in the child. The library never sets affinity. The default number of threads is the number
 * of processors that this process may use (affinity and cgroup quota).
 *
 * SAME BITS. With one instruction set, the vector of an item depends only on the model, the arithmetic and the
 * item. It does not depend on the batch, its order, the other items or the number of threads. Integer arithmetic is
 * equal on all instruction sets. Floating-point results are of two kinds: with fused multiply-add (all instruction
 * sets except scalar and sse41) and without. Bits are equal within a kind; the two kinds differ by rounding. In bf16,
 * avx512vnni and amx differ by rounding, too.
 *
 * MEMORY. The library allocates memory with mmap only, when a bundle is opened and when a session is created.
 * If the system has too little, the call returns PCLIP_E_MEMORY. A call needs less than 96 KB of the caller's stack. The
 * library stays loaded: dlclose does not unload it, because the threads of the pool may be running its code.
 *
 * AMX. Linux gives a process the tiles of AMX on request. pclip_open requests them when it opens an int8 bundle, or an
 * FP16 bundle in bf16, on a processor that has them. If Linux refuses, for example because a thread has a small signal
 * stack, the model uses avx512vnni; if PCLIP_ISA or `isa` names amx, pclip_open fails. The permission cannot be given
 * back: in this process and its forked children, sigaltstack() then fails for stacks below about 12 KB
 * (sysconf(_SC_MINSIGSTKSZ) returns the least size), and a signal that interrupts a product puts 8 KB more on the stack.
 * Set PCLIP_ISA or `isa` to avx512vnni to request nothing. No tile is live between calls or while a thread waits.
 *
 * FILES. pclip_open maps the file. If another program truncates it, the process ends with SIGBUS; if another program
 * writes into it, vectors change. `copy` in the options (PCLIP_COPY=1) reads the file into memory instead. If a file
 * is replaced by renaming another over it, models that are open keep the old file.
 *
 * ENVIRONMENT. These variables apply to option fields that are zero: PCLIP_THREADS (1 to 1024: the size of the pool,
 * read once), PCLIP_ISA (scalar, sse41, avx2, avxvnni, avx512vnni, amx; on Arm scalar, neon, dotprod, i8mm),
 * PCLIP_ARITHMETIC (fast, exact, bf16), PCLIP_COPY (0, 1). An empty value means unset, and 0 the default number of
 * threads. An invalid value makes pclip_open fail.
 */
#ifndef POCKETCLIP_H
#define POCKETCLIP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows by one when a caller compiled against an older header would break. */
#define PCLIP_ABI_VERSION 1

#if defined(__GNUC__)
#define PCLIP_API __attribute__((visibility("default")))
#else
#define PCLIP_API
#endif

/* ---- Errors ------------------------------------------------------------------------------------------- */

/* Every function that can fail returns one of these and fills the caller's `pclip_error` if it is not NULL. */
enum {
  PCLIP_OK = 0,
  /* The caller's arguments. */
  PCLIP_E_ARGUMENT = 1,      /* null, zero, unknown option or misaligned: the message names the argument      */
  PCLIP_E_BUFFER = 2,        /* an output buffer is too small: the message names the size needed             */
  PCLIP_E_UNSUPPORTED = 3,   /* instruction set or arithmetic that this machine or build does not have       */
  PCLIP_E_NO_TOWER = 4,      /* the bundle has no such tower, tokenizer or projection                         */
  PCLIP_E_MEMORY = 5,        /* the system has too little memory                                              */
  /* The file. */
  PCLIP_E_OPEN = 10,         /* cannot be opened or read                                                      */
  PCLIP_E_FORMAT = 11,       /* not a bundle, or a rule of docs/BUNDLE.md is broken: the message names it     */
  PCLIP_E_VERSION = 12,      /* written by a later version                                                    */
  PCLIP_E_CONTENT = 13,      /* an invalid weight (pclip_open checks vectors, pclip_check all tensors), or bytes
                                that do not match their digest in the header                                  */
  PCLIP_E_SELFTEST = 14,     /* pclip_self_test: this machine computes other vectors                          */
  /* One item of a batch. */
  PCLIP_E_IMAGE_SIZE = 20,   /* zero, or beyond the session's max_width or max_height                         */
  PCLIP_E_TOKENS = 21,       /* an id outside the vocabulary, or no or too many ids                           */
  PCLIP_E_NOT_FINITE = 22    /* the result is not finite, or is zero: pixels, weights or a step of the computation
                                are not finite                                                               */
};

typedef struct pclip_error {
  int32_t code;       /* one of PCLIP_E_…, or PCLIP_OK                                                         */
  uint64_t offset;    /* byte offset in the file, if the error is in the file                                 */
  char message[192];  /* one line: what, where, expected and found                                            */
} pclip_error;

/* The name of a code, such as "PCLIP_E_FORMAT". Static storage. */
PCLIP_API const char *pclip_error_name(int32_t code);

/* ---- Opening ------------------------------------------------------------------------------------------ */

typedef struct pclip_model pclip_model;
typedef struct pclip_session pclip_session;

enum { PCLIP_ARITHMETIC_AUTO = 0, PCLIP_ARITHMETIC_FAST = 1, PCLIP_ARITHMETIC_EXACT = 2, PCLIP_ARITHMETIC_BF16 = 3 };

/* A field that is zero takes the environment variable if it is set, otherwise the default. Set `size` to
 * sizeof(pclip_open_options). */
typedef struct pclip_open_options {
  size_t size;
  int32_t arithmetic;  /* auto: fast on int8 bundles, exact on others;
                          fast: 8-bit activations × int8 weights on int8 bundles, 16-bit where a bundle states so;
                          exact: 16-bit activations × int8 weights on int8 bundles;
                          matrices that an int8 bundle holds in FP16 multiply floats in both;
                          on FP16 and FP32 bundles, fast and exact are both FP32;
                          bf16: weights of an FP16 bundle and their inputs rounded to BF16, sums in FP32, on
                          processors with BF16 instructions (AVX-512 BF16, AMX): PCLIP_E_UNSUPPORTED on others     */
  int32_t threads;     /* threads of the pool that one call may use; default: all that the process may use     */
  const char *isa;     /* name of the kernels; default: the fastest that this machine supports                 */
  int32_t copy;        /* 1: read the file into memory instead of mapping it                                   */
} pclip_open_options;

/* Opens a bundle. On success the caller owns *model and closes it. `options` and `error` may be NULL. */
PCLIP_API int32_t pclip_open(const char *path, const pclip_open_options *options, pclip_model **model,
                             pclip_error *error);

/* Opens a bundle from memory. The caller keeps the memory, which must outlive the model. Memory that is not aligned to
 * 64 bytes is copied once. */
PCLIP_API int32_t pclip_open_memory(const void *bytes, size_t count, const pclip_open_options *options,
                                    pclip_model **model, pclip_error *error);

/* Frees the model. Destroy its sessions first. NULL is allowed. */
PCLIP_API void pclip_close(pclip_model *model);

/* The probability of a text for an image: among the given texts (CLIP's loss), or independently (SigLIP's loss). */
enum { PCLIP_SCORE_SOFTMAX = 0, PCLIP_SCORE_SIGMOID = 1 };

typedef struct pclip_model_info {
  size_t size;               /* in: sizeof(pclip_model_info)                                                   */
  int32_t has_image;         /* 1 if the bundle has an image tower                                             */
  int32_t has_text;
  int32_t has_tokenizer;     /* 0: the text tower takes token ids only                                         */
  int32_t embedding_dim;     /* of the projections; 0 if no tower has one                                     */
  int32_t image_output;      /* values per image: embedding_dim, or the hidden width without projection      */
  int32_t text_output;       /* values per text, likewise                                                      */
  int32_t image_projected;   /* 1: image_output is an embedding; 0: a hidden state                            */
  int32_t text_projected;
  int32_t image_size;        /* pixels along each side of the preprocessed square                             */
  int32_t context_length;    /* ids per text, start and end included                                           */
  int32_t vocabulary_size;
  int32_t arithmetic;        /* PCLIP_ARITHMETIC_FAST, _EXACT or _BF16, as selected                            */
  int32_t threads;           /* as selected                                                                    */
  float logit_scale;         /* exp of the stored logarithm; 0 if the source had none                          */
  char isa[16];
  char space_id[136];        /* IMAGE.TEXT in hex, '-' if unknown: compare vectors only if known ids are equal */
  char bundle_id[72];        /* SHA-256 of the header, hex                                                     */
  uint64_t file_bytes;       /* mapped, shared between processes                                               */
  int32_t pad_id;            /* the id that pads a text after its end; -1 if there is none (0 is written)       */
  int32_t attends_pads;      /* 1: every id of the context changes the vector, pads too (SigLIP); else 0       */
  float logit_bias;          /* for PCLIP_SCORE_SIGMOID, otherwise 0                                           */
  int32_t score_kind;        /* PCLIP_SCORE_SOFTMAX or _SIGMOID: the score that pclip_scores computes          */
} pclip_model_info;

/* Fills *info. info->size states the size of the structure that the caller knows. */
PCLIP_API int32_t pclip_get_info(const pclip_model *model, pclip_model_info *info, pclip_error *error);

/* Hashes every tensor and checks the content rules (docs/BUNDLE.md). Reads the complete file. */
PCLIP_API int32_t pclip_check(const pclip_model *model, pclip_error *error);

/* ---- Sessions ----------------------------------------------------------------------------------------- */

/* Zero in a field means the default. */
typedef struct pclip_session_limits {
  size_t size;          /* sizeof(pclip_session_limits)                                                        */
  int32_t max_batch;    /* items computed together; larger batches run in slices. Default 16                  */
  int32_t max_width;    /* pixels of the widest image; default 16384                                         */
  int32_t max_height;   /* likewise                                                                            */
} pclip_session_limits;

/* The most bytes that a session with these limits (NULL: defaults) takes; 0 if the limits are invalid or memory is
 * insufficient to compute it. */
PCLIP_API size_t pclip_session_size(const pclip_model *model, const pclip_session_limits *limits);

/* Allocates all memory that later calls need. The caller owns the session and destroys it before the model. */
PCLIP_API int32_t pclip_session_create(const pclip_model *model, const pclip_session_limits *limits,
                                       pclip_session **session, pclip_error *error);
PCLIP_API void pclip_session_destroy(pclip_session *session);

/* Encodes the generated inputs of the self-test and compares the vectors with those stored in the bundle. */
PCLIP_API int32_t pclip_self_test(pclip_session *session, pclip_error *error);

/* ---- Text --------------------------------------------------------------------------------------------- */

/* UTF-8, not terminated. */
typedef struct pclip_text {
  const char *bytes;
  size_t count;
} pclip_text;

/* Tokenizes one text. `ids` holds `capacity` values, at least context_length: the text's ids between those of its begin and
 * end, if the tokenizer has them, and pad_id up to context_length. *count is the number of ids before the pads. *truncated is 1 if the text was too long and
 * its end was dropped. Both may be NULL. */
PCLIP_API int32_t pclip_tokenize(pclip_session *session, pclip_text text, int32_t *ids, size_t capacity,
                                 int32_t *count, int32_t *truncated, pclip_error *error);

/* ---- Images ----------------------------------------------------------------------------------------- */

/* Interleaved 8-bit RGB, top row first; `stride` is the number of bytes from one row to the next, 0 for 3 * width. The
 * caller converts other images as the bundle states (preprocess.conversion and preprocess.alpha, docs/BUNDLE.md): it
 * drops the alpha channel, or composites the image on white. */
typedef struct pclip_image {
  const uint8_t *pixels;
  int32_t width;
  int32_t height;
  size_t stride;
} pclip_image;

/* Resizes, crops and normalizes one image as the checkpoint's authors did, exact to the bit. `pixels` holds
 * 3 * image_size * image_size floats, planes R, G, B. */
PCLIP_API int32_t pclip_preprocess(pclip_session *session, const pclip_image *image, float *pixels,
                                   size_t capacity, pclip_error *error);

/* ---- Encoding ----------------------------------------------------------------------------------------- */

enum { PCLIP_RAW = 1 };  /* flags: the tower's raw output; default: vectors of unit length                      */

/* Encodes `count` items into `out`: image_output or text_output floats each, `out_count` floats in total. `statuses`
 * (one int32_t per item, may be NULL) receives the code of each item. An item that fails gets a vector of zeros; the
 * other items are still encoded. With statuses, the return value is PCLIP_OK unless the call itself is wrong. Without,
 * it is PCLIP_OK or the code of the first item that failed. count 0 does nothing. */
PCLIP_API int32_t pclip_encode_image(pclip_session *session, const pclip_image *images, size_t count,
                                     uint32_t flags, float *out, size_t out_count, int32_t *statuses,
                                     pclip_error *error);

/* Encodes pixels prepared by pclip_preprocess or the caller: count × 3 × image_size × image_size. */
PCLIP_API int32_t pclip_encode_pixels(pclip_session *session, const float *pixels, size_t count, uint32_t flags,
                                      float *out, size_t out_count, int32_t *statuses, pclip_error *error);

/* Encodes texts. A text longer than the context is truncated as by pclip_tokenize. `truncated` (one int32_t per item)
 * may be NULL. Only the first 4,096 bytes of a word are read (64 per id of the context, if that is more); the rest of a
 * longer word counts as cut off. */
PCLIP_API int32_t pclip_encode_text(pclip_session *session, const pclip_text *texts, size_t count,
                                    uint32_t flags, float *out, size_t out_count, int32_t *truncated,
                                    int32_t *statuses, pclip_error *error);

/* Encodes ids: count × context_length. If attends_pads is 0, ids after the pooled position may have any value. If it is
 * 1, pad as the model was trained: SigLIP with id 1, SigLIP 2 with id 0, after one end of text (1). */
PCLIP_API int32_t pclip_encode_ids(pclip_session *session, const int32_t *ids, size_t count, uint32_t flags,
                                   float *out, size_t out_count, int32_t *statuses, pclip_error *error);

/* ---- Comparing ---------------------------------------------------------------------------------------- */

/* Dot products of unit vectors: scores[i * b_count + j] = a_i · b_j. */
PCLIP_API int32_t pclip_similarity(const float *a, size_t a_count, const float *b, size_t b_count, size_t dim,
                                   float *scores, pclip_error *error);

/* Replaces the similarities of images (rows) and texts (columns) by the probabilities of the model's score.
 * PCLIP_SCORE_SOFTMAX: softmax(scale * s) of each row, which sums to 1: the text that fits best.
 * PCLIP_SCORE_SIGMOID: sigmoid(scale * s + logit_bias) of each similarity: whether this text fits; rows have any sum.
 * `scale` NULL means the model's logit_scale; PCLIP_E_ARGUMENT if it has none. */
PCLIP_API int32_t pclip_scores(const pclip_model *model, float *scores, size_t rows, size_t columns,
                               const float *scale, pclip_error *error);

/* Replaces each row of `columns` similarities by softmax(scale * score), independent of the model. A row with a NaN or
 * +infinity becomes NaN, here and in pclip_scores. */
PCLIP_API int32_t pclip_softmax(float *scores, size_t rows, size_t columns, float scale, pclip_error *error);

/* ---- About -------------------------------------------------------------------------------------------- */

PCLIP_API int32_t pclip_abi_version(void);     /* PCLIP_ABI_VERSION of the library                             */
PCLIP_API const char *pclip_version(void);     /* such as "0.1.0". Static storage                              */
PCLIP_API const char *pclip_isa_name(void);    /* the kernels selected by PCLIP_ISA and this machine,
                                                  "unsupported" if PCLIP_ISA names kernels that this machine
                                                  does not support. A model that is refused AMX uses other
                                                  kernels: see pclip_model_info. Static storage                  */

#ifdef __cplusplus
}
#endif

#endif
