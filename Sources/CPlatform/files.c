#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/CPlatform.h"

/* Opens a regular file and returns its size. PF_OK, or the descriptor is closed. */
static int32_t open_regular(const char *path, int *descriptor, size_t *byte_count) {
  /* Without O_NONBLOCK, opening a pipe would wait for a writer before the pipe can be rejected. */
  *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*descriptor < 0) return errno;
  struct stat status;
  int32_t result = PF_OK;
  if (fstat(*descriptor, &status) != 0)
    result = errno;
  else if (!S_ISREG(status.st_mode))
    result = PF_NOT_A_REGULAR_FILE;
  else if ((uint64_t)status.st_size > PTRDIFF_MAX)
    result = PF_TOO_LARGE;
  else
    *byte_count = (size_t)status.st_size;
  if (result != PF_OK) close(*descriptor);
  return result;
}

int32_t pf_map_file(const char *path, pf_mapping *mapping) {
  *mapping = (pf_mapping){NULL, 0};
  int descriptor;
  size_t byte_count;
  int32_t result = open_regular(path, &descriptor, &byte_count);
  if (result != PF_OK) return result;
  if (byte_count > 0) {
    void *bytes = mmap(NULL, byte_count, PROT_READ, MAP_SHARED, descriptor, 0);
    if (bytes != MAP_FAILED)
      *mapping = (pf_mapping){bytes, byte_count};
    else if (errno == ENOMEM) {
      mapping->byte_count = byte_count;
      result = PF_NO_MEMORY;
    } else
      result = errno;
  }
  close(descriptor);
  return result;
}

/* Fills `memory` until it is full or the file ends. */
static int32_t read_all(int descriptor, char *memory, size_t capacity, size_t *byte_count) {
  while (*byte_count < capacity) {
    ssize_t count = read(descriptor, memory + *byte_count, capacity - *byte_count);
    if (count == 0) break;
    if (count > 0)
      *byte_count += (size_t)count;
    else if (errno != EINTR)
      return errno;
  }
  return PF_OK;
}

int32_t pf_read_file(const char *path, size_t alignment, pf_mapping *content) {
  *content = (pf_mapping){NULL, 0};
  int descriptor;
  size_t capacity;
  int32_t result = open_regular(path, &descriptor, &capacity);
  if (result != PF_OK) return result;
  char *memory = pf_alloc_aligned(capacity > 0 ? capacity : 1, alignment);
  content->byte_count = memory ? 0 : capacity;
  result = memory ? read_all(descriptor, memory, capacity, &content->byte_count) : PF_NO_MEMORY;
  close(descriptor);
  if (result == PF_OK)
    content->bytes = memory;
  else
    pf_free(memory);
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

void pf_advise_large_pages(pf_mapping mapping) {
#if defined(MADV_HUGEPAGE)
  if (mapping.byte_count > 0) madvise((void *)(uintptr_t)mapping.bytes, mapping.byte_count, MADV_HUGEPAGE);
#else
  (void)mapping;
#endif
}

/* Reading a hole fills it with zero pages of the size that the mapping requests. In windows, so that the complete
 * file does not count as this process's memory. */
static void fill_with_large_pages(int descriptor, size_t byte_count) {
#if defined(MADV_POPULATE_READ)
  const size_t window = (size_t)32 << 20;
  for (size_t offset = 0; offset < byte_count; offset += window) {
    size_t length = byte_count - offset < window ? byte_count - offset : window;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, descriptor, (off_t)offset);
    if (bytes == MAP_FAILED) return;
    pf_advise_large_pages((pf_mapping){bytes, length});
    madvise(bytes, length, MADV_POPULATE_READ);
    munmap(bytes, length);
  }
#else
  (void)descriptor, (void)byte_count;
#endif
}

int32_t pf_lay_out_file(int descriptor, size_t byte_count) {
  if (ftruncate(descriptor, (off_t)byte_count) != 0) return errno;
  fill_with_large_pages(descriptor, byte_count);
  return PF_OK;
}
