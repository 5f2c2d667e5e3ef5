/* Functions that Embedded Swift does not have: mapped files, aligned memory, the clock, the environment, threads. No
 * function prints, exits or throws; failures are returned. */
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

/* ---- Files ---- */

/* Besides these, the functions below return values of errno (positive). */
enum {
  PF_OK = 0,
  PF_NOT_A_REGULAR_FILE = -1,
  PF_TOO_LARGE = -2, /* larger than the address space */
  PF_NO_MEMORY = -3,
};

typedef struct pf_mapping {
  const void *_Nullable bytes; /* page-aligned; null for an empty file */
  size_t byte_count;
} pf_mapping;

/* Maps a regular file read-only, following symbolic links. The file can change while it is mapped; if it is
 * truncated, reads beyond its end fault. Release with pf_unmap. PF_NO_MEMORY if the address space has no room for
 * `byte_count` bytes. */
int32_t pf_map_file(const char *path, pf_mapping *mapping);
void pf_unmap(pf_mapping mapping);
/* Reads a regular file into memory aligned to `alignment`. Later changes of the file have no effect; if it shrinks
 * during the read, the content ends at the new end. Release with pf_free. PF_NO_MEMORY if `byte_count` bytes cannot
 * be allocated. */
int32_t pf_read_file(const char *path, size_t alignment, pf_mapping *content);
/* Releases the pages that are completely inside the range; they are read again when touched. A hint: cannot fail. */
void pf_advise_dontneed(const void *bytes, size_t byte_count);
/* Tells the system that the range will be read soon. A hint: cannot fail. */
void pf_advise_willneed(const void *bytes, size_t byte_count);
/* Requests large pages (megabytes): a file that is not in memory yet is read in pieces of that size, and a process
 * that maps it then has one page fault per piece. A hint: cannot fail. */
void pf_advise_large_pages(pf_mapping mapping);
/* Sets the size of an empty file. If the system has large pages, the file is laid out in them, and data written in
 * any order stays in them until the file leaves memory. PF_OK, or an error if the size could not be set. */
int32_t pf_lay_out_file(int descriptor, size_t byte_count);

/* ---- Memory ---- */

/* `alignment` is a power of two up to a page; null if there is no memory. Release with pf_free. Uses the arena that
 * the thread has open while it has room, otherwise the system. */
void *_Nullable pf_alloc_aligned(size_t byte_count, size_t alignment);
void pf_free(void *_Nullable memory);

/* One reservation for the allocations of a thread. Code that cannot report a failed allocation does not fail inside
 * it. */
typedef struct pf_arena pf_arena;
/* Reserves `byte_count` bytes and allocates the thread's memory from them until pf_arena_close; null if there is no
 * memory. A thread has at most one arena open. */
pf_arena *_Nullable pf_arena_open(size_t byte_count);
/* Releases unused memory. Allocations stay valid and any thread may free them; freeing the last one releases the
 * arena. */
void pf_arena_close(pf_arena *arena);

/* Replacements of libc's functions. The small runtime is linked so that Embedded Swift, which ends the process if
 * these return no memory, calls them. */
int __wrap_posix_memalign(void *_Nullable *_Nonnull memory, size_t alignment, size_t byte_count);
void __wrap_free(void *_Nullable memory);

/* ---- Time and environment ---- */

uint64_t pf_monotonic_ns(void);
/* The variable's text, or null if it is unset or empty. Valid until the environment changes. */
const char *_Nullable pf_environment(const char *name);
/* A decimal integer in [minimum, maximum] from the environment; `fallback` if it is unset, malformed or out of
 * range. */
int64_t pf_environment_integer(const char *name, int64_t minimum, int64_t maximum, int64_t fallback);

/* Processors this process may use: its affinity mask, further limited by the cgroup's quota (v1 or v2, rounded up).
 * At least 1. Reads /proc and /sys: call once, not per item. */
size_t pf_usable_cpus(void);
/* The quota only: `proc_cgroup` is normally "/proc/self/cgroup", `mount` "/sys/fs/cgroup". 0: no limit. */
size_t pf_cgroup_quota_cpus(const char *proc_cgroup, const char *mount);

/* ---- Once ---- */

/* Zero-initialised. The first caller runs `body`; other callers return after it has finished. No lock is held. */
typedef struct pf_once {
  _Atomic(uint32_t) state;
} pf_once;
void pf_run_once(pf_once *once, void (*body)(void *_Nullable), void *_Nullable context);

/* ---- One at a time ---- */

/* Zero-initialised: free. A claim that was taken before a fork is free in the child. */
typedef struct pf_claim {
  _Atomic(uint32_t) holder;
} pf_claim;
/* Returns 1 if the claim was free and now belongs to the caller, otherwise 0. Does not wait. */
int32_t pf_claim_take(pf_claim *claim);
void pf_claim_release(pf_claim *claim);

/* ---- Threads ---- */

/* Part `index` of a parallel loop, run by `worker` in [0, pf_thread_count()). Parts with equal `worker` in one loop
 * never run at the same time, so scratch can be kept per worker. */
typedef void (*pf_body)(void *_Nullable context, size_t index, size_t worker);

/* Runs body(context, i, worker) for i in 0 ..< count and returns when all parts have finished.
 *
 * The process has one pool. It starts on first use, has pf_thread_count() threads including the caller, spins a few
 * dozen microseconds for the next loop and then sleeps. A loop uses at most `max_threads` of them (0: all). The
 * worker of a part is not defined, so results must not depend on it. Calls from several threads share the pool; a
 * call from inside a body runs its parts immediately, as worker 0. After fork, the child has its own pool; a loop
 * that is running during the fork does not exist there. Affinity is inherited, never set. If threads cannot be
 * created, fewer do the work. Allocates nothing after the first call. */
void pf_parallel_for(size_t count, size_t max_threads, pf_body body, void *_Nullable context);

/* Size of the pool: PCLIP_THREADS (1 … 1024) or else pf_usable_cpus(), read once per process. */
size_t pf_thread_count(void);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
