/* From process start to a first embedding: pocketclip MODEL.pclip. Prints one value, then waits for its input to end,
 * so that the harness can read its memory use. */
#include <stdio.h>
#include <stdlib.h>

#include "pocketclip.h"

int main(int argc, char **argv) {
  pclip_model *model;
  pclip_session *session;
  pclip_error error;
  pclip_open_options options = {.size = sizeof options, .threads = 2};
  pclip_session_limits limits = {.size = sizeof limits, .max_batch = 1, .max_width = 224, .max_height = 224};
  pclip_model_info info = {.size = sizeof info};
  if (argc != 2) return fprintf(stderr, "usage: pocketclip MODEL.pclip\n"), 64;
  if (pclip_open(argv[1], &options, &model, &error) || pclip_get_info(model, &info, &error) ||
      pclip_session_create(model, &limits, &session, &error))
    return fprintf(stderr, "%s\n", error.message), 1;
  size_t count = 3 * (size_t)info.image_size * (size_t)info.image_size, dim = (size_t)info.image_output;
  float *pixels = calloc(count, sizeof *pixels), *vector = calloc(dim, sizeof *vector);
  if (!pixels || !vector) return 71;
  for (size_t i = 0; i < count; i++) pixels[i] = (float)(i % 256) / 128 - 1;
  if (pclip_encode_pixels(session, pixels, 1, PCLIP_RAW, vector, dim, NULL, &error))
    return fprintf(stderr, "%s\n", error.message), 1;
  printf("%f\n", (double)vector[0]);
  fflush(stdout);
  getchar();
}
