/* What pocketclip.h promises about AMX: who asks for the permission, what happens if it is refused, and that forks and
 * signal handlers change no bit. Each case is a child of its own, because a permission cannot be given back.
 *
 * usage: tiles INT8_BUNDLE FP16_BUNDLE    on a processor without AMX, only that naming it is an error */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pocketclip.h"

#define CALLS 2000

static const char *int8_bundle, *fp16_bundle;
static pclip_error error;
static pclip_model_info info = {.size = sizeof info};
static volatile sig_atomic_t signals;

/* The kernels with which a bundle opens, or NULL with `error`. */
static const char *opened(const char *bundle, const char *isa, int32_t arithmetic, pclip_model **model) {
  const pclip_open_options options = {.size = sizeof options, .isa = isa, .arithmetic = arithmetic};
  if (pclip_open(bundle, &options, model, &error) || pclip_get_info(*model, &info, &error)) return NULL;
  return info.isa;
}

static int opens_as(const char *bundle, const char *isa, int32_t arithmetic, const char *expected) {
  pclip_model *model;
  const char *found = opened(bundle, isa, arithmetic, &model);
  if (found && strcmp(found, expected) == 0) return 1;
  fprintf(stderr, "opened with %s, expected %s\n", found ? found : error.message, expected);
  return 0;
}

static unsigned char small_stack[4096];
/* Whether this thread can have a signal stack that is too small for tiles. */
static int sets_small_stack(void) {
  const stack_t stack = {.ss_sp = small_stack, .ss_size = sizeof small_stack};
  return sigaltstack(&stack, NULL) == 0;
}

/* ---- The cases: each returns whether it holds. ---- */

static int uses_tiles(void) {
  pclip_model *model;
  const char *isa = opened(int8_bundle, NULL, PCLIP_ARITHMETIC_AUTO, &model);
  return isa && strcmp(isa, "amx") == 0;
}

static int only_products_with_tiles_ask(void) {
  return opens_as(fp16_bundle, NULL, PCLIP_ARITHMETIC_AUTO, "amx") && opens_as(int8_bundle, "avx512vnni", PCLIP_ARITHMETIC_AUTO, "avx512vnni") &&
         sets_small_stack();
}

static int permission_refuses_small_stacks(void) {
  return opens_as(int8_bundle, NULL, PCLIP_ARITHMETIC_AUTO, "amx") && !sets_small_stack();
}

static int refusal_is_survived(void) {
  pclip_model *model;
  return sets_small_stack() && opens_as(int8_bundle, NULL, PCLIP_ARITHMETIC_AUTO, "avx512vnni") &&
         opens_as(fp16_bundle, NULL, PCLIP_ARITHMETIC_BF16, "avx512vnni") &&
         !opened(int8_bundle, "amx", PCLIP_ARITHMETIC_AUTO, &model) && error.code == PCLIP_E_UNSUPPORTED &&
         strstr(error.message, "AMX");
}

/* The vector of an image. */
static int encode(pclip_session *session, float *vector) {
  static unsigned char samples[64 * 64 * 3];
  const pclip_image image = {samples, 64, 64, 0};
  for (size_t i = 0; i < sizeof samples; i++) samples[i] = (unsigned char)(i * 37);
  return pclip_encode_image(session, &image, 1, 0, vector, (size_t)info.image_output, NULL, &error) == PCLIP_OK;
}

static void count_signal(int number) {
  (void)number;
  volatile double work = 1;
  for (int i = 0; i < 100; i++) work = work * 1.5 + 1;
  signals = signals + 1;
}

static int handlers_and_forks_change_no_bit(void) {
  pclip_model *tiles, *vnni;
  pclip_session *session, *other;
  static float expected[4096], found[4096];
  if (!opened(int8_bundle, NULL, PCLIP_ARITHMETIC_AUTO, &tiles) || !opened(int8_bundle, "avx512vnni", PCLIP_ARITHMETIC_AUTO, &vnni) ||
      pclip_session_create(tiles, NULL, &session, &error) || pclip_session_create(vnni, NULL, &other, &error) ||
      !encode(other, expected))
    return 0;
  signal(SIGALRM, count_signal);
  const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  int same = 1;
  for (int i = 0; i < CALLS && same; i++) same = encode(session, found) && memcmp(found, expected, sizeof found) == 0;
  setitimer(ITIMER_REAL, &never, NULL);
  if (!same || signals == 0) return 0;
  const pid_t child = fork();
  if (child == 0) _exit(!(encode(session, found) && memcmp(found, expected, sizeof found) == 0));
  int status;
  return waitpid(child, &status, 0) == child && status == 0;
}

static int in_child(const char *what, int (*holds)(void)) {
  const pid_t child = fork();
  if (child == 0) _exit(!holds());
  int status;
  if (waitpid(child, &status, 0) == child && status == 0) return 1;
  if (*what) fprintf(stderr, "FAILED: %s\n", what);
  return 0;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int8_bundle = arguments[1];
  fp16_bundle = arguments[2];
  if (strcmp(pclip_isa_name(), "amx") != 0) {
    pclip_model *model;
    const int is_error = !opened(int8_bundle, "amx", PCLIP_ARITHMETIC_AUTO, &model) && error.code == PCLIP_E_UNSUPPORTED;
    puts("no AMX here");
    return !is_error;
  }
  if (!in_child("", uses_tiles)) {
    puts("the system refuses AMX here");
    return !in_child("a refused model uses avx512vnni, and naming amx is an error", refusal_is_survived);
  }
  int all = in_child("only products with tiles ask for the permission", only_products_with_tiles_ask);
  all &= in_child("with the permission, small signal stacks fail", permission_refuses_small_stacks);
  all &= in_child("a refused model uses avx512vnni, and naming amx is an error", refusal_is_survived);
  all &= in_child("signal handlers and forks change no bit", handlers_and_forks_change_no_bit);
  if (all) puts("AMX keeps its promises");
  return !all;
}
