#include "include/CArguments.h"

static int count;
static char **arguments;

/* glibc and Darwin call constructors with the arguments of main. */
__attribute__((constructor)) static void note(int argument_count, char **values) {
  count = argument_count;
  arguments = values;
}

int ca_count(void) { return count; }

const char *ca_argument(int index) { return arguments[index]; }
