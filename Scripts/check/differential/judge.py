#!/usr/bin/env python3
"""Lists the tensors that a Python library finds in many files, in the lines of Sources/ReaderListing: `judge.py FORMAT
PACK`.

A child process with little memory reads the files, each in a few seconds: a library may crash, or request as much
memory as a file states. If a file ends the child, another child continues with the next.
"""

import multiprocessing
import os
import re
import resource
import signal
import sys
import traceback
import urllib.parse
import zlib

import numpy as np

MEMORY = 1 << 30
SECONDS = 5
MOST_ELEMENTS = 1 << 20


def load_readers(name):
    """Imports only the one library, because every fork copies it."""
    if name == "safetensors":
        import judge_safetensors as reader
    elif name == "gguf":
        import judge_gguf as reader
    elif name == "npz":
        import judge_npz as reader
    elif name == "onnx":
        import judge_onnx as reader
    elif name in ("pytorch-zip", "pytorch-legacy"):
        import judge_torch as reader
    elif name == "flax-msgpack":
        import judge_flax as reader
    else:
        sys.exit(f"no judge of {name}")
    return reader


def escaped(name):
    if isinstance(name, bytes):
        name = name.decode(errors="replace")
    return urllib.parse.quote(name.encode("utf-8", "surrogateescape"), safe="/").replace("~", "%7E")


def line(name, kind, shape, stored, floats):
    """A tensor's line; `floats` is a function, because values of large tensors are not compared."""
    fields = ["T", escaped(name), kind, ",".join(str(int(extent)) for extent in shape), "-", "-"]
    if np.prod([int(extent) for extent in shape], dtype=object) <= MOST_ELEMENTS:
        if stored is not None:
            fields[4] = format(zlib.crc32(stored), "x")
        values = floats()
        if values is not None:
            fields[5] = format(zlib.crc32(canonical(np.array(values, "<f4").reshape(-1))), "x")
    return "\t".join(fields)


def canonical(values):
    """The bytes, with one pattern for every NaN."""
    bits = values.view("<u4")
    bits[np.isnan(values)] = 0x7FC00000
    return bits.tobytes()


def listing(reader, content):
    try:
        lines = []
        for entry in reader.entries(content):
            lines.append(line(*entry) if len(entry) > 1 else "I\t" + escaped(entry[0]))
        return lines + ["E\taccepted"]
    except Exception as error:  # whatever the library raises
        text = re.sub(r"[0-9]+|'.*|\".*", "…", str(error).split("\n")[0])[:60]
        function = traceback.extract_tb(error.__traceback__)[-1].name
        return [f"E\trefused\t{type(error).__name__} in {function}: {''.join(filter(str.isprintable, text))}"]


def read_files(reader, files, progress):
    """The child: reads from the file that `progress` names, until a library ends it."""
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for index in range(progress.value, len(files)):
        progress.value = index
        write(f"F\t{index}\n")
        signal.alarm(SECONDS)
        with np.errstate(all="ignore"):
            text = "\n".join(listing(reader, files[index])) + "\n"
        signal.alarm(0)
        # All lines at once: lines before a crash are lost on purpose.
        write(text)


def write(text):
    view = memoryview(text.encode())
    while view:
        view = view[os.write(1, view):]


def judge(reader, files, progress):
    """Lets a child read the remaining files, or as many as it survives."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            read_files(reader, files, progress)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        reason = signal.strsignal(-status) if status < 0 else f"status {status}"
        write(f"E\tcrashed\t{reason}\n")
        progress.value += 1
    else:
        progress.value = len(files)


def contents(path):
    """The files in a pack, each after its length."""
    files = []
    with open(path, "rb") as pack:
        while head := pack.read(4):
            files.append(pack.read(int.from_bytes(head, "little")))
    return files


def main():
    reader = load_readers(sys.argv[1])
    files = contents(sys.argv[2])
    # In memory that the children share.
    progress = multiprocessing.RawValue("Q", 0)
    while progress.value < len(files):
        judge(reader, files, progress)


if __name__ == "__main__":
    main()
