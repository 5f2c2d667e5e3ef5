#define _GNU_SOURCE
#include "include/CProcess.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__GLIBC__)

/* What Swift's runtime writes before it ends the process. */
static const char failure[] = "failed to allocate";

/* There may be no memory left for a buffer when the line is written. */
static char buffer[BUFSIZ];

/* A stack trace can follow. */
static int is_ending;

static ssize_t write_text(void *cookie, const char *text, size_t count) {
  (void)cookie;
  if (memmem(text, count, failure, sizeof failure - 1)) is_ending = 1;
  if (is_ending) return (ssize_t)count;
  size_t done = 0;
  while (done < count) {
    ssize_t written = write(STDERR_FILENO, text + done, count - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += (size_t)written;
  }
  return (ssize_t)done;
}

void cp_drop_allocation_failures(void) {
  cookie_io_functions_t functions = {.write = write_text};
  FILE *stream = fopencookie(NULL, "w", functions);
  if (!stream) return;
  setvbuf(stream, buffer, _IOLBF, sizeof buffer);
  stderr = stream;
}

#else

void cp_drop_allocation_failures(void) {}

#endif
