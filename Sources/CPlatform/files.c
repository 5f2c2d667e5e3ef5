#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/CPlatform.h"

static int32_t map_descriptor(int descriptor, pf_mapping *mapping) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return PF_NOT_A_REGULAR_FILE;
  if ((uint64_t)status.st_size > PTRDIFF_MAX) return PF_TOO_LARGE;
  if (status.st_size == 0) return PF_OK;
  void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (bytes == MAP_FAILED) return errno;
  mapping->bytes = bytes;
  mapping->byte_count = (size_t)status.st_size;
  return PF_OK;
}

int32_t pf_map_file(const char *path, pf_mapping *mapping) {
  *mapping = (pf_mapping){NULL, 0};
  /* Without O_NONBLOCK, opening a pipe would wait for a writer before it could be refused. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return errno;
  int32_t result = map_descriptor(descriptor, mapping);
  close(descriptor);
  return result;
}

void pf_unmap(pf_mapping mapping) {
  if (mapping.byte_count > 0) munmap((void *)(uintptr_t)mapping.bytes, mapping.byte_count);
}

void pf_advise_dontneed(const void *bytes, size_t byte_count) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t begin = ((uintptr_t)bytes + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)bytes + byte_count) / page * page;
  if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void pf_advise_willneed(const void *bytes, size_t byte_count) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t begin = (uintptr_t)bytes / page * page;
  if (byte_count > 0) madvise((void *)begin, (uintptr_t)bytes + byte_count - begin, MADV_WILLNEED);
}

void *pf_alloc_aligned(size_t byte_count, size_t alignment) {
  void *memory = NULL;
  if (alignment < sizeof(void *)) alignment = sizeof(void *);
  return posix_memalign(&memory, alignment, byte_count) == 0 ? memory : NULL;
}

void pf_free(void *memory) { free(memory); }
