#!/usr/bin/env python3
"""Kills `pocketclip embed -o` before each of its calls that change a file, one after the other, and continues with
--resume.

    kill_embeds.py POCKETCLIP CHECKPOINT IMAGE IMAGE IMAGE

After each kill the output must be the old pair, the new pair, or vectors without rows, never a pair that disagrees. The
resumed run must end with the bytes of an uninterrupted run and leave nothing else. Needs a C compiler and a dynamically
linked pocketclip.
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

# The n-th call, counted over all threads, never happens: the process is gone.
PRELOAD = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
static atomic_int calls;
static void count(void) {
  const char *limit = getenv("KILL_AT");
  if (limit && atomic_fetch_add(&calls, 1) + 1 == atoi(limit)) {
    raise(SIGKILL);
    pause();
  }
}
#define INTERPOSE(type, name, parameters, arguments) \
  type name parameters { \
    count(); \
    return ((type(*) parameters)dlsym(RTLD_NEXT, #name))arguments; \
  }
INTERPOSE(int, rename, (const char *from, const char *to), (from, to))
INTERPOSE(int, linkat, (int folder, const char *from, int other, const char *to, int flags), (folder, from, other, to, flags))
INTERPOSE(int, unlink, (const char *path), (path))
INTERPOSE(int, ftruncate, (int file, off_t size), (file, size))
INTERPOSE(int, fsync, (int file), (file))
INTERPOSE(int, fdatasync, (int file), (file))
INTERPOSE(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
ssize_t write(int file, const void *bytes, size_t size) {
  if (file > 2) count();
  return ((ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(file, bytes, size);
}
"""


def pair(output):
    """The bytes of vectors and rows, each None if absent."""
    files = [output, pathlib.Path(f"{output}.rows.jsonl")]
    return tuple(file.read_bytes() if file.exists() else None for file in files)


def agrees(vectors, rows, width=64):
    """Whether every row states the hash of its vector."""
    lines = [json.loads(line) for line in rows.splitlines()]
    values = vectors[len(vectors) - 4 * width * len(lines):]
    return bool(lines) and all(
        hashlib.sha256(values[4 * width * i:4 * width * (i + 1)]).hexdigest() == line["vector_sha256"]
        for i, line in enumerate(lines))


class Run:
    def __init__(self, tool, folder, bundle, library):
        self.tool, self.folder, self.bundle, self.library = tool, folder, bundle, library

    def embed(self, output, *arguments, kill_at=None):
        environment = dict(os.environ, PCLIP_THREADS="1")
        if kill_at:
            environment |= {"LD_PRELOAD": str(self.library), "KILL_AT": str(kill_at)}
        return subprocess.run([self.tool, "embed", "-m", self.bundle, "-o", output, *arguments], env=environment,
                              capture_output=True, text=True)

    def check(self, name, before, options, inputs):
        """before: arguments of the run that leaves an output, or None; returns how many calls were killed."""
        output = self.folder / "out" / "v.npy"
        uninterrupted = self.folder / f"{name}.npy"
        source = self.folder / "1.jpg"
        # The expected result of the resumed run: rows of the first run keep their positions.
        changed = before is not None and options == ["--resume"]
        new = None
        for call in range(1, 1000):
            shutil.rmtree(output.parent, ignore_errors=True)
            output.parent.mkdir()
            shutil.copy(self.originals[0], source)
            if before is not None:
                ended = self.embed(output, *before)
                assert ended.returncode == 0, ended.stderr
            old = pair(output)
            if changed:
                shutil.copy(self.originals[2], source)
            if new is None:
                ended = self.embed(uninterrupted, *inputs)
                assert ended.returncode == 0, ended.stderr
                new = pair(uninterrupted)
            killed = self.embed(output, *options, *inputs, kill_at=call)
            if killed.returncode != -signal.SIGKILL:
                assert killed.returncode == 0 and pair(output) == new, killed.stderr
                return call - 1
            found = pair(output)
            assert found in (old, new) or found[1] is None, f"{name}, call {call}: a pair of neither run"
            assert None in found or agrees(*found), f"{name}, call {call}: the pair disagrees"
            resumed = self.embed(output, "--resume", *inputs)
            if options == ["--force"] and resumed.returncode == 65 and found == old:
                resumed = self.embed(output, *options, *inputs)  # Killed before it started.
            assert resumed.returncode == 0, f"{name}, call {call}: {resumed.stderr}"
            assert pair(output) == new, f"{name}, call {call}: not the bytes of a run in one go"
            left = sorted(path.name for path in output.parent.iterdir())
            assert left == ["v.npy", "v.npy.rows.jsonl"], f"{name}, call {call}: left behind: {left}"
        raise AssertionError(f"{name}: no end")


def main(tool, checkpoint, *images):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "kill.c").write_text(PRELOAD)
        library = folder / "kill.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder / "kill.c", "-ldl"], check=True)
        bundle = folder / "m.pclip"
        subprocess.run([tool, "convert", checkpoint, "-o", bundle, "--no-measure", "-q"], check=True,
                       stdout=subprocess.DEVNULL)
        run = Run(tool, folder, bundle, library)
        run.originals = images
        source, other = folder / "1.jpg", images[1]
        counts = {
            "a new output": run.check("new", None, [], [source, other, "--text", "a"]),
            "an output that grows and changes":
                run.check("resumed", [source], ["--resume"], [source, other]),
            "--force": run.check("forced", [source, "--raw"], ["--force"], [source, other]),
        }
    said = ", ".join(f"{name} at {count} calls" for name, count in counts.items())
    print(f"embed killed before every call that changes a file: {said}; each resumed to the bytes of one run")


if __name__ == "__main__":
    main(*sys.argv[1:])
