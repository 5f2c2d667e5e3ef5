/* From process start to a first embedding through ONNX Runtime's C API: onnxruntime MODEL.onnx.
 * Like pocketclip.c: prints one value, then waits for its input to end.
 *
 * The Python package ships the library without its header. Its API is a table of functions whose order never changes;
 * the few entries used here are declared by their index. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef void *status;
typedef struct {
  void *const *(*get_api)(uint32_t version);
  const char *(*version)(void);
} api_base;
extern const api_base *OrtGetApiBase(void);

enum { CREATE_ENV = 3, CREATE_SESSION = 7, RUN = 9, CREATE_OPTIONS = 10, SET_THREADS = 24, CREATE_TENSOR = 49,
       TENSOR_DATA = 51, CREATE_MEMORY_INFO = 69 };
typedef status create_env(int level, const char *name, void **env);
typedef status create_session(void *env, const char *path, void *options, void **session);
typedef status run(void *session, void *options, const char *const *input_names, void *const *inputs, size_t inputs_count,
                   const char *const *output_names, size_t outputs_count, void **outputs);
typedef status create_options(void **options);
typedef status set_threads(void *options, int threads);
typedef status create_tensor(void *memory, void *data, size_t bytes, const int64_t *shape, size_t rank, int type,
                             void **tensor);
typedef status tensor_data(void *tensor, void **data);
typedef status create_memory_info(int allocator, int memory, void **info);
enum { WARNINGS = 2, ARENA = 1, DEFAULT_MEMORY = 0, FLOAT = 1 };

#define CALL(name, index, ...) \
  if (((name *)api[index])(__VA_ARGS__)) return fprintf(stderr, "onnxruntime: %s\n", #name), 1

int main(int argc, char **argv) {
  static float pixels[3 * 224 * 224];
  void *env, *options, *session, *memory, *input, *output = NULL, *vector;
  if (argc != 2) return fprintf(stderr, "usage: onnxruntime MODEL.onnx\n"), 64;
  for (size_t i = 0; i < 3 * 224 * 224; i++) pixels[i] = (float)(i % 256) / 128 - 1;
  void *const *api = OrtGetApiBase()->get_api(1);
  if (!api) return fprintf(stderr, "onnxruntime: no API of version 1\n"), 1;
  CALL(create_env, CREATE_ENV, WARNINGS, "first", &env);
  CALL(create_options, CREATE_OPTIONS, &options);
  CALL(set_threads, SET_THREADS, options, 2);
  CALL(create_session, CREATE_SESSION, env, argv[1], options, &session);
  CALL(create_memory_info, CREATE_MEMORY_INFO, ARENA, DEFAULT_MEMORY, &memory);
  CALL(create_tensor, CREATE_TENSOR, memory, pixels, sizeof pixels, (int64_t[]){1, 3, 224, 224}, 4, FLOAT, &input);
  CALL(run, RUN, session, NULL, (const char *[]){"input"}, &input, 1, (const char *[]){"output"}, 1, &output);
  CALL(tensor_data, TENSOR_DATA, output, &vector);
  printf("%f\n", (double)*(float *)vector);
  fflush(stdout);
  getchar();
}
