/* From process start to a first embedding through OpenVINO's C API: openvino MODEL.xml [CACHE_FOLDER].
 * Like pocketclip.c: prints one value, then waits for its input to end. */
#include <openvino/c/openvino.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(call) \
  if ((call) != OK) return fprintf(stderr, "openvino: %s\n", #call), 1

int main(int argc, char **argv) {
  static float pixels[3 * 224 * 224];
  ov_core_t *core;
  ov_compiled_model_t *compiled;
  ov_infer_request_t *request;
  ov_tensor_t *input, *output;
  ov_shape_t shape;
  void *vector;
  if (argc < 2) return fprintf(stderr, "usage: openvino MODEL.xml [CACHE_FOLDER]\n"), 64;
  for (size_t i = 0; i < 3 * 224 * 224; i++) pixels[i] = (float)(i % 256) / 128 - 1;
  CHECK(ov_core_create(&core));
  if (argc > 2) CHECK(ov_core_set_property(core, "CPU", ov_property_key_cache_dir, argv[2]));
  CHECK(ov_core_compile_model_from_file(core, argv[1], "CPU", 4, &compiled, ov_property_key_inference_num_threads, "2",
                                        ov_property_key_hint_performance_mode, "LATENCY"));
  CHECK(ov_compiled_model_create_infer_request(compiled, &request));
  CHECK(ov_shape_create(4, (int64_t[]){1, 3, 224, 224}, &shape));
  CHECK(ov_tensor_create_from_host_ptr(F32, shape, pixels, &input));
  CHECK(ov_infer_request_set_input_tensor_by_index(request, 0, input));
  CHECK(ov_infer_request_infer(request));
  CHECK(ov_infer_request_get_output_tensor_by_index(request, 0, &output));
  CHECK(ov_tensor_data(output, &vector));
  printf("%f\n", (double)*(float *)vector);
  fflush(stdout);
  getchar();
}
