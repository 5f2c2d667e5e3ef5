#!/usr/bin/env python3
"""Lists what a Python library finds in many files, in the lines of Sources/ReaderListing: `judge.py FORMAT PACK`.

Each file is read by a child process of its own with little memory and few seconds: a library may crash, or ask for
whatever a file says.
"""

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
    """Imports only the one library, whose size every fork copies."""
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
    """A tensor's line; `floats` is a function, since values of large tensors are not compared; it may have none."""
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


def read_in_child(reader, content):
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS)
    with np.errstate(all="ignore"):
        text = "\n".join(listing(reader, content)) + "\n"
    view = memoryview(text.encode())
    while view:
        view = view[os.write(1, view):]


def judge(reader, index, content):
    os.write(1, f"F\t{index}\n".encode())
    child = os.fork()
    if child == 0:
        status = 1
        try:
            read_in_child(reader, content)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        reason = signal.strsignal(-status) if status < 0 else f"status {status}"
        os.write(1, f"E\tcrashed\t{reason}\n".encode())


def main():
    reader = load_readers(sys.argv[1])
    with open(sys.argv[2], "rb") as pack:
        index = 0
        while head := pack.read(4):
            judge(reader, index, pack.read(int.from_bytes(head, "little")))
            index += 1


if __name__ == "__main__":
    main()
