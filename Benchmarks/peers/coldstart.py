"""Time from process start to the first embedding of int8 ViT-B/32, and the memory: a C program with libpocketclip,
and the peers in Python and through the C APIs of their packages. A first start of each program has brought its files
into the page cache."""

import os
import pathlib
import statistics
import subprocess
import sys
import time

from . import CACHE, ROOT, exports, machine

VARIANT, TOWER = "ViT-B-32", "image"
SHARING = 8
PROGRAMS = ROOT / "Benchmarks" / "coldstart"


def package(name):
    """The folder of an installed package, without importing it."""
    import importlib.util

    return pathlib.Path(importlib.util.find_spec(name).origin).parent


def onnxruntime_program():
    """The package names its library by full version; a program asks for its soname."""
    folder = package("onnxruntime") / "capi"
    library = next(folder.glob("libonnxruntime.so.*"))
    link = CACHE / "programs" / "libonnxruntime.so.1"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(library)
    return machine.compiled("coldstart/onnxruntime.c", library, f"-Wl,-rpath,{link.parent}")


def openvino_program():
    folder = package("openvino")
    library = next((folder / "libs").glob("libopenvino_c.so*"))
    return machine.compiled("coldstart/openvino.c", f"-I{folder / 'include'}", library, f"-Wl,-rpath,{folder / 'libs'}")


def programs():
    """{program: command line}. OpenVINO also with its cache of compiled models, filled by the first run."""
    onnx = exports.path(VARIANT, TOWER, "onnx-dynamic")
    openvino, cache = exports.path(VARIANT, TOWER, "openvino-int8"), CACHE / "openvino-cache"
    python = sys.executable
    return {
        "pocketclip, C": [machine.compiled("coldstart/pocketclip.c", *machine.with_runtime()),
                          exports.bundle(VARIANT, "int8")],
        "onnxruntime, C": [onnxruntime_program(), onnx],
        "onnxruntime, Python": [python, PROGRAMS / "first_onnxruntime.py", onnx],
        "openvino, C": [openvino_program(), openvino],
        "openvino, C, cached": [openvino_program(), openvino, cache],
        "openvino, Python": [python, PROGRAMS / "first_openvino.py", openvino],
        "openvino, Python, cached": [python, PROGRAMS / "first_openvino.py", openvino, cache],
    }


def start(command):
    """(process that has printed its first value and waits, seconds until then)."""
    command = machine.command(*command)
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    line = process.stdout.readline()
    seconds = time.perf_counter() - begin
    if not line:
        raise SystemExit(f"{command[0]}: ended with status {process.wait()} before its first embedding")
    return process, seconds


def stop(process):
    process.stdin.close()
    process.stdout.close()
    process.wait()


def leave_page_cache(command):
    """Drops a program's model from the page cache, so that the next start reads it from the disk."""
    for argument in map(pathlib.Path, command[1:]):
        for file in (argument, argument.with_suffix(".bin")):
            if file.is_file():
                with open(file, "rb") as model:
                    os.fsync(model.fileno())
                    os.posix_fadvise(model.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_embeddings(rounds):
    """{program: seconds (median, smallest) and memory}; the programs run in turn."""
    commands = programs()
    for command in commands.values():
        leave_page_cache(command)
    seconds, memory = {who: [] for who in commands}, {}
    for turn in range(rounds + 1):
        for who, command in commands.items():
            process, elapsed = start(command)
            memory[who] = machine.memory(process.pid)
            stop(process)
            if turn:  # the first turn brought the files into the page cache
                seconds[who].append(elapsed)
    return {who: {"median_seconds": statistics.median(times), "minimum_seconds": min(times), **memory[who]}
            for who, times in seconds.items()}


def sharing():
    """{program: bytes of SHARING processes together}, with shared pages counted once."""
    totals = {}
    for who, command in programs().items():
        processes = [start(command)[0] for _ in range(SHARING)]
        totals[who] = sum(machine.memory(process.pid)["proportional_bytes"] for process in processes)
        for process in processes:
            stop(process)
    return totals


def measure(rounds, _seconds):
    result = first_embeddings(rounds)
    for who, total in sharing().items():
        result[who]["eight_processes_bytes"] = total
    return result


def table(result):
    ours = result["pocketclip, C"]["median_seconds"]
    lines = ["| program | median s | least s | times PocketCLIP | resident MB | eight processes MB |", "|---|--:|--:|--:|--:|--:|"]
    for who, row in result.items():
        lines.append(f"| {who} | {row['median_seconds']:.3f} | {row['minimum_seconds']:.3f} | "
                     f"{row['median_seconds'] / ours:.1f} | {row['resident_bytes'] / 1e6:.0f} | "
                     f"{row['eight_processes_bytes'] / 1e6:.0f} |")
    return "\n".join(lines)
