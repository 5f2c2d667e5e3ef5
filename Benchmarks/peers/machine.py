"""This machine: the peak rates of its cores (measured by Benchmarks/micro/peak.c) and its load."""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess

from . import CACHE, LIBRARY, ROOT, THREADS


REALTIME = "PEERS_REALTIME"
"""Set by --realtime and inherited by every process of a run."""


def require_realtime():
    """Ends the run if the system does not allow priority over other programs."""
    try:
        os.sched_setscheduler(os.getpid(), os.SCHED_RR, os.sched_param(1))
        os.sched_setscheduler(os.getpid(), os.SCHED_OTHER, os.sched_param(0))
    except PermissionError:
        raise SystemExit("--realtime: the system does not allow it to this user; run as root, or leave it out on a "
                         "quiet machine") from None
    os.environ[REALTIME] = "1"


def before_others():
    """Gives all threads of this process priority over other programs, if the run requests it.

    Round robin rather than first in, first out: an engine whose idle threads spin must not starve another.
    """
    if REALTIME in os.environ:
        for thread in os.listdir("/proc/self/task"):
            os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(1))


def command(*parts):
    """The command line of a measured program, with the same priority."""
    return [*(["chrt", "--rr", "1"] if REALTIME in os.environ else []), *map(str, parts)]


def clang():
    """The toolchain's own clang, as Scripts/build/build-runtime.sh chooses it."""
    swift = shutil.which("swiftc")
    beside = pathlib.Path(swift).resolve().parent / "clang" if swift else None
    return str(beside) if beside and beside.exists() else "clang"


def compiled(source, *options):
    """A C program of the Benchmarks folder, built into the cache when one of its files or the runtime is newer."""
    source = ROOT / "Benchmarks" / source
    program = CACHE / "programs" / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    files = [source, LIBRARY, *(option for option in options if isinstance(option, pathlib.Path))]
    newest = max(path.stat().st_mtime for path in files if path.exists())
    if not program.exists() or program.stat().st_mtime < newest:
        subprocess.run([clang(), "-std=c11", "-D_GNU_SOURCE", "-O2", str(source), "-o", str(program),
                        *map(str, options)], check=True)
    return program


def with_runtime():
    """Compiler options of a program that uses the library of dist/."""
    folder = LIBRARY.parent
    return [f"-I{folder.parent / 'include'}", f"-L{folder}", "-lpocketclip", f"-Wl,-rpath,{folder}"]


def peak():
    """Operations per second of all THREADS threads by kind of factors, and bytes per second from memory."""
    loops = ROOT / "Sources" / "CPeak"
    program = compiled("micro/peak.c", *sorted(loops.glob("*.c")), f"-I{loops / 'include'}", "-lpthread")
    return json.loads(subprocess.check_output(command(program, THREADS)))


def best(*peaks):
    """The highest of several measurements, because other work on the machine can only lower them."""
    return {name: max(peak[name] for peak in peaks) for name in peaks[0]}


def load():
    """How many programs wanted to run, on average over the last minute."""
    return os.getloadavg()[0]


def cpuinfo(key):
    """A field of the first processor in /proc/cpuinfo; empty if there is none."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def name():
    """The kind of machine, for a file name: vendors give the same marketing name to different cores."""
    parts = [cpuinfo("model name") or platform.machine(), "family", cpuinfo("cpu family"), "model", cpuinfo("model")]
    return "-".join(re.findall("[a-z0-9]+", " ".join(parts).lower()))


def commit():
    """The measured commit; a star marks a tree with changes."""
    return subprocess.check_output(["git", "describe", "--always", "--dirty=*"], cwd=ROOT, text=True).strip()


def memory(pid="self"):
    """Bytes of a process: resident; with shared pages divided among the processes that share them; peak resident."""
    fields = {}
    for file in ("smaps_rollup", "status"):
        for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
            name, _, value = line.partition(":")
            if value.endswith(" kB"):
                fields[name] = int(value.split()[0]) * 1024
    return {"resident_bytes": fields["Rss"], "proportional_bytes": fields["Pss"],
            "peak_resident_bytes": fields["VmHWM"]}


def description():
    known = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
    flags = cpuinfo("flags").split()
    processor = f"{cpuinfo('model name')} (family {cpuinfo('cpu family')}, model {cpuinfo('model')})"
    return {"processor": processor, "instructions": [word for word in known if word in flags],
            "cores": os.cpu_count(), "threads": THREADS}
