#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "include/CPlatform.h"

/* The header of every block. */
typedef struct block {
  pf_arena *_Nullable arena; /* null: the block is a separate mapping */
  size_t byte_count;         /* size of the block including this header, or of the mapping */
} block;

struct pf_arena {
  size_t byte_count; /* size of the mapping, which starts with this struct */
  char *top;         /* start of the next block; only the opening thread uses it */
  atomic_size_t uses; /* number of live blocks, plus one while the arena is open */
};

/* The arena that this thread has open. The TLS model needs no symbol of the loader. */
static _Thread_local pf_arena *_Nullable current __attribute__((tls_model("initial-exec")));

static size_t page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t round_up(size_t count, size_t multiple) { return (count + multiple - 1) / multiple * multiple; }

/* Zeroed pages, allocated by the system when they are first written; null if there is no address space for them. */
static void *_Nullable map_pages(size_t byte_count) {
  if (byte_count > PTRDIFF_MAX) return NULL;
  void *pages = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

/* The first block at or after `start` with room for its header, whose contents are aligned. */
static block *block_at(char *start, size_t alignment) {
  return (block *)round_up((uintptr_t)start + sizeof(block), alignment) - 1;
}

static void *set_block(block *b, pf_arena *_Nullable arena, size_t byte_count) {
  *b = (block){arena, byte_count};
  return b + 1;
}

static void *_Nullable take_from_arena(pf_arena *arena, size_t byte_count, size_t alignment) {
  block *b = block_at(arena->top, alignment);
  size_t used = (size_t)((char *)(b + 1) - (char *)arena);
  if (used > arena->byte_count || byte_count > arena->byte_count - used) return NULL;
  arena->top = (char *)(b + 1) + byte_count;
  atomic_fetch_add_explicit(&arena->uses, 1, memory_order_relaxed);
  return set_block(b, arena, sizeof(block) + byte_count);
}

static void *_Nullable take_from_system(size_t byte_count, size_t alignment) {
  char *start = byte_count > PTRDIFF_MAX ? NULL : map_pages(byte_count + alignment + sizeof(block));
  return start ? set_block(block_at(start, alignment), NULL, byte_count + alignment + sizeof(block)) : NULL;
}

void *pf_alloc_aligned(size_t byte_count, size_t alignment) {
  if (alignment < sizeof(block)) alignment = sizeof(block);
  byte_count = round_up(byte_count, sizeof(block));
  void *memory = current ? take_from_arena(current, byte_count, alignment) : NULL;
  return memory ? memory : take_from_system(byte_count, alignment);
}

static void leave(pf_arena *arena) {
  if (atomic_fetch_sub_explicit(&arena->uses, 1, memory_order_acq_rel) == 1) munmap(arena, arena->byte_count);
}

void pf_free(void *memory) {
  if (!memory) return;
  block *b = (block *)memory - 1;
  pf_arena *arena = b->arena;
  if (!arena) {
    munmap((void *)((uintptr_t)b / page() * page()), b->byte_count);
    return;
  }
  /* The most recent allocation can be reused. */
  if (arena == current && (char *)b + b->byte_count == arena->top) arena->top = (char *)b;
  leave(arena);
}

pf_arena *pf_arena_open(size_t byte_count) {
  pf_arena *arena = map_pages(byte_count);
  if (!arena) return NULL;
  arena->byte_count = byte_count;
  arena->top = (char *)(arena + 1);
  atomic_init(&arena->uses, 1);
  current = arena;
  return arena;
}

void pf_arena_close(pf_arena *arena) {
  current = NULL;
  size_t used = round_up((size_t)(arena->top - (char *)arena), page());
  if (used < arena->byte_count && munmap((char *)arena + used, arena->byte_count - used) == 0) arena->byte_count = used;
  leave(arena);
}

/* build-runtime.sh redirects the allocations of Embedded Swift to these functions. */
int __wrap_posix_memalign(void **memory, size_t alignment, size_t byte_count) {
  *memory = pf_alloc_aligned(byte_count, alignment);
  return *memory ? 0 : ENOMEM;
}

void __wrap_free(void *memory) { pf_free(memory); }
