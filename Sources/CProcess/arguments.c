#include "include/CProcess.h"

static int count;
static char **arguments;

/* glibc and Darwin call constructors with the arguments of main. */
__attribute__((constructor)) static void note(int argument_count, char **values) {
  count = argument_count;
  arguments = values;
}

int cp_argument_count(void) { return count; }

const char *cp_argument(int index) { return arguments[index]; }
