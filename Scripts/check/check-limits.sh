#!/bin/sh
# Runs commands without threads, with little address space, and with a missing or wrong OpenBLAS: they work,
# or fail with a message.
set -eu
pocketclip=$1
minis=Fixtures/minis
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# pthread_create fails as with a limit on processes, which does not apply to root: at once, or after
# the first thread.
cat >"$folder/no-threads.c" <<'C'
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
static int created;
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
  return created++ < THREADS ? create(thread, attributes, start, argument) : EAGAIN;
}
C
cc -D_GNU_SOURCE -DTHREADS=0 -shared -fPIC "$folder/no-threads.c" -o "$folder/no-threads.so"
cc -D_GNU_SOURCE -DTHREADS=1 -shared -fPIC "$folder/no-threads.c" -o "$folder/one-thread.so"

# A file that is not a library, and a library whose products are wrong.
mkdir "$folder/missing" "$folder/wrong"
: >"$folder/missing/libopenblas.so.0"
cat >"$folder/wrong.c" <<'C'
void openblas_set_num_threads(int count) { (void)count; }
const char *openblas_get_config(void) { return "OpenBLAS 0.0.1 DYNAMIC_ARCH"; }
const char *openblas_get_corename(void) { return "Wrong"; }
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc) {
  (void)order, (void)transpose_a, (void)transpose_b, (void)k, (void)a, (void)lda, (void)b, (void)ldb, (void)beta;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) c[i * ldc + j] = alpha;
}
C
cc -shared -fPIC "$folder/wrong.c" -o "$folder/wrong/libopenblas.so.0"

passed=0
failed=0

# A limit is no-threads, one-thread, missing or wrong (OpenBLAS), data=KB (written memory), file=KB (size of a file) or KB
# (address space).
# expect LIMIT STATUS TEXT ARGUMENT…: the command's status and a text in its output, whose lines are joined, within a minute.
expect() {
  limit=$1 status=$2 text=$3
  shift 3
  case $limit in
    no-threads | one-thread) set -- env LD_PRELOAD="$folder/$limit.so" "$pocketclip" "$@" ;;
    missing | wrong) set -- env LD_LIBRARY_PATH="$folder/$limit${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$pocketclip" "$@" ;;
    data=*) set -- bash -c 'ulimit -d "$0" && exec "$@"' "${limit#data=}" "$pocketclip" "$@" ;;
    file=*) set -- bash -c 'ulimit -f "$0" && exec "$@"' "${limit#file=}" "$pocketclip" "$@" ;;
    *) set -- sh -c 'ulimit -v "$0" && exec "$@"' "$limit" "$pocketclip" "$@" ;;
  esac
  found=0
  timeout 60 "$@" >"$folder/output" 2>&1 || found=$?
  if [ "$found" = "$status" ] && tr -s ' \n' ' ' <"$folder/output" | grep -e "$text" >/dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'check-limits: under %s: expected status %s and "%s", found status %s:\n' "$limit" "$status" "$text" "$found" >&2
    printf '  %s\n' "$*" >&2
    sed 's/^/  | /' "$folder/output" >&2
  fi
}

image=$minis/images/alarm-clock-00.jpg
mini=$folder/mini.pclip
"$pocketclip" convert $minis/mini-vit.pt -o "$folder/fp32.pclip" --precision fp32 -q >/dev/null
"$pocketclip" embed -m "$folder/fp32.pclip" $minis/images -o "$folder/right.npy" -q >/dev/null
for limit in no-threads one-thread 400000; do
  reference='reference matrix product: OpenBLAS'
  [ "$limit" != 400000 ] || reference='reference matrix product: portable'
  expect "$limit" 0 'image: worst cosine' convert $minis/mini-vit.pt -o "$mini" --precision int8 --force
  expect "$limit" 0 "$reference" verify "$mini" --against $minis/mini-vit.pt
  expect "$limit" 0 'same weights and settings, rounded' diff $minis/mini-vit.pt "$mini"
  expect "$limit" 0 'convert demanded worst cosines' info "$mini"
  expect "$limit" 0 'right: these are' diagnose $minis/mini-vit.pt --embeddings "$folder/right.npy" --images $minis/images
  expect "$limit" 0 'tokenizer' inspect $minis/mini-vit.pt
  expect "$limit" 0 'cosine' classify -m "$mini" "$image" --label "an alarm clock" --label "a cat"
  expect "$limit" 0 'vector' embed -m "$mini" $minis/images
  expect "$limit" 0 'vectors of' embed -m "$mini" $minis/images -o "$folder/v.npy" --force
  expect "$limit" 0 'vectors kept' embed -m "$mini" $minis/images -o "$folder/v.npy" --resume
  expect "$limit" 0 'blocks' bench "$mini"
  expect "$limit" 0 'memory' export "$mini" --to safetensors -o "$folder/mini.safetensors" --force
done
# Limits near the size of OpenBLAS's buffers: no command hangs or ends early.
for megabytes in 450 550 607 613 616 700 1000 1400 1500 1600 2000; do
  expect $((megabytes * 1024)) 0 'image: worst cosine' convert $minis/mini-vit.pt -o "$folder/again.pclip" --precision int8 --force
done
for limit in data=100000 data=300000 data=400000 data=1000000; do
  expect $limit 0 'reference matrix product: portable' verify "$mini" --against $minis/mini-vit.pt
done
expect 400000 0 'note: the reference runs on its portable product.*address space' verify "$mini" --against $minis/mini-vit.pt
expect 400000 69 'OpenBLAS .* need .* MB of address space' verify "$mini" --against $minis/mini-vit.pt --reference openblas
expect missing 0 'portable product, which is slower: OpenBLAS cannot be loaded.*libopenblas0' verify "$mini" --against $minis/mini-vit.pt
expect missing 69 'libopenblas0' verify "$mini" --against $minis/mini-vit.pt --reference openblas
expect wrong 0 'portable product, which is slower: OpenBLAS 0.0.1 (Wrong) multiplies wrongly' verify "$mini" --against $minis/mini-vit.pt
expect wrong 69 'multiplies wrongly' verify "$mini" --against $minis/mini-vit.pt --reference openblas

for limit in no-threads one-thread; do
  expect $limit 0 'vector' embed -m "$mini" $minis/images --threads 8
  expect $limit 0 'cosine' classify -m "$mini" $minis/images --label "an alarm clock" --label "a cat" --threads 8
done

# A limit on file size: an error that leaves no file.
mkdir "$folder/small"
expect file=10 73 'no space left (File too large)' convert $minis/mini-vit.pt -o "$folder/small/m.pclip"
expect file=10 73 'no space left (File too large)' export "$mini" --to onnx -o "$folder/small/m"
expect file=10 73 'no space left (File too large)' export "$mini" --to safetensors -o "$folder/small/m.safetensors"
if [ -n "$(ls -A "$folder/small")" ]; then
  failed=$((failed + 1))
  echo "check-limits: a refused output left $(ls -A "$folder/small")" >&2
fi
expect file=2 73 'no space left (File too large)' embed -m "$mini" $minis/images -o "$folder/small/v.npy"
expect data=1000000 0 'vectors* kept' embed -m "$mini" $minis/images -o "$folder/small/v.npy" --resume

# An image of 32 megapixels in 38 bytes: an error without memory, a vector with it.
PYTHONPATH=Scripts/check python3 -c 'import sys, hostile_images; open(sys.argv[1], "wb").write(hostile_images.webp(8000, 4000))' \
  "$folder/large.webp"
expect 250000 71 'no memory for the image: 8000×4000 pixels need' embed -m "$mini" "$folder/large.webp"
expect 250000 71 'no memory for the image' classify -m "$mini" "$folder/large.webp" --label "a" --label "b"
expect 600000 0 'vector' embed -m "$mini" "$folder/large.webp"

# Every limit above the system's need to load the tool: a result or an error, nothing else.
survive() {
  limit=$1
  shift
  found=0
  timeout 60 sh -c 'ulimit -v "$0" && exec "$@"' "$limit" "$pocketclip" "$@" >"$folder/output" 2>&1 || found=$?
  case $found in
    0 | 3 | 65 | 66 | 69 | 71 | 73) passed=$((passed + 1)) ;;
    *)
      failed=$((failed + 1))
      printf 'check-limits: under %s: status %s: %s\n' "$limit" "$found" "$*" >&2
      sed 's/^/  | /' "$folder/output" >&2
      ;;
  esac
}
for megabytes in 86 90 95 100 110 120 140 170 200 250 300; do
  kilobytes=$((megabytes * 1024))
  survive $kilobytes inspect $minis/mini-vit.pt
  survive $kilobytes convert $minis/mini-vit.pt -o "$folder/again.pclip" --precision int8 --force
  survive $kilobytes verify "$mini" --against $minis/mini-vit.pt
  survive $kilobytes embed -m "$mini" "$image" "$folder/large.webp" --threads 8
  survive $kilobytes classify -m "$mini" "$image" "$folder/large.webp" --label "a" --label "b"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
