/* A host loads the library, encodes with the thread pool and unloads it: the code that the threads run must stay
 * loaded.
 *
 * usage: unload LIBRARY BUNDLE */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "pocketclip.h"

static void *library;

static void *named(const char *name) {
  void *function = dlsym(library, name);
  if (!function) exit(1);
  return function;
}

int main(int count, char **arguments) {
  if (count != 3 || !(library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL))) return 2;
  int32_t (*open)(const char *, const pclip_open_options *, pclip_model **, pclip_error *);
  int32_t (*create)(const pclip_model *, const pclip_session_limits *, pclip_session **, pclip_error *);
  int32_t (*self_test)(pclip_session *, pclip_error *);
  *(void **)&open = named("pclip_open");
  *(void **)&create = named("pclip_session_create");
  *(void **)&self_test = named("pclip_self_test");
  pclip_model *model;
  pclip_session *session;
  pclip_error error;
  if (open(arguments[2], NULL, &model, &error) || create(model, NULL, &session, &error) || self_test(session, &error)) return 1;
  dlclose(library);
  if (dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD)) return 0;
  fprintf(stderr, "unload.c: the library is gone, its threads are not\n");
  return 1;
}
