/* Classifies an image: prints the probability of each label. Usage: classify BUNDLE IMAGE.ppm LABEL... (Examples/README.md) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pocketclip.h"

static pclip_error error;
static void check(int32_t code) {
  if (code != PCLIP_OK) exit(fprintf(stderr, "%s: %s\n", pclip_error_name(code), error.message) < 0 ? 2 : 1);
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: classify BUNDLE IMAGE.ppm LABEL...\n"), 64;
  pclip_model *model;
  pclip_session *session;
  pclip_model_info info = {.size = sizeof info};
  check(pclip_open(argv[1], NULL, &model, &error));
  check(pclip_session_create(model, NULL, &session, &error));
  check(pclip_get_info(model, &info, &error));

  int width = 0, height = 0, labels = argc - 3;
  FILE *file = fopen(argv[2], "rb");
  if (!file || fscanf(file, "P6 %5d %5d 255%*c", &width, &height) != 2) return fprintf(stderr, "not a PPM\n"), 65;
  unsigned char *pixels = calloc((size_t)width * (size_t)height, 3);
  if (!pixels || fread(pixels, 3, (size_t)(width * height), file) < (size_t)(width * height)) return 65;
  pclip_image image = {pixels, width, height, 0};
  pclip_text *texts = calloc((size_t)labels, sizeof *texts);
  for (int i = 0; i < labels; i++) texts[i] = (pclip_text){argv[3 + i], strlen(argv[3 + i])};

  size_t dim = (size_t)info.embedding_dim, count = (size_t)labels;
  float *vector = calloc(dim, sizeof *vector), *text = calloc(dim * count, sizeof *text), *score = calloc(count, 4);
  check(pclip_encode_image(session, &image, 1, 0, vector, dim, NULL, &error));
  check(pclip_encode_text(session, texts, count, 0, text, dim * count, NULL, NULL, &error));
  check(pclip_similarity(vector, 1, text, count, dim, score, &error));
  check(pclip_scores(model, score, 1, count, NULL, &error));
  for (int i = 0; i < labels; i++) printf("%5.1f %%  %.9g  %s\n", 100 * (double)score[i], (double)score[i], argv[3 + i]);
}
