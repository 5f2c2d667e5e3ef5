"""This machine: what its cores can do at best (measured by Benchmarks/peak.c) and what was running on it."""

import json
import os
import pathlib
import platform
import shutil
import subprocess

from . import CACHE, ROOT, THREADS


def clang():
    """The toolchain's own clang, as Scripts/build-runtime.sh chooses it."""
    swift = shutil.which("swiftc")
    beside = pathlib.Path(swift).resolve().parent / "clang" if swift else None
    return str(beside) if beside and beside.exists() else "clang"


def compiled(source, *options):
    """A C program of this folder, built into the cache when its source is newer."""
    source = ROOT / "Benchmarks" / source
    program = CACHE / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        CACHE.mkdir(exist_ok=True)
        subprocess.run([clang(), "-std=c11", "-D_GNU_SOURCE", "-O2", str(source), "-o", str(program), *options],
                       check=True)
    return program


def peak():
    """Operations per second of all THREADS threads by precision, and bytes per second from memory: best of three."""
    runs = [json.loads(subprocess.check_output([compiled("peak.c", "-lpthread"), str(THREADS)])) for _ in range(3)]
    return {name: max(run[name] for run in runs) for name in ("fp32", "bf16", "int8", "memory")}


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def description():
    return {"processor": processor(), "cores": os.cpu_count(), "threads": THREADS, "peak": peak(),
            "load_at_start": os.getloadavg()[0]}
