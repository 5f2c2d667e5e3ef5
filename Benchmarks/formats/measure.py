#!/usr/bin/env python3
"""Converts each file or folder of FOLDER to FP16 and prints a table: seconds, memory, fidelity to the golden.

    measure.py FOLDER GOLDEN

Each is verified with GOLDEN (the original implementation's embeddings of the same synthetic weights) and converted
by .build/release/pocketclip, or the program that POCKETCLIP names, in a separate process.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("POCKETCLIP", str(ROOT / ".build/release/pocketclip"))
ROUNDS = 3
NOT_AS_CLOSE_AS_DEMANDED = 1  # GGUF rounds the position tables to FP16


def run(*arguments):
    """(standard output, seconds, CPU seconds, peak bytes) of one process."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen([PROGRAM, *arguments], stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        if os.waitstatus_to_exitcode(status) not in (0, NOT_AS_CLOSE_AS_DEMANDED):
            sys.exit(f"{' '.join(arguments)}: exit status {os.waitstatus_to_exitcode(status)}")
        output.seek(0)
        return output.read(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def byte_count(path):
    return sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size


def row(path, golden):
    report = json.loads(run("verify", str(path), "--golden", golden, "--json")[0])["reports"][0]
    cosines = [f"{report[tower]['metrics']['worst_cosine']:.6f}" for tower in ("image", "text")]
    with tempfile.TemporaryDirectory() as folder:
        output = str(pathlib.Path(folder) / "out.pclip")
        convert = ["convert", str(path), "-o", output, "--precision", "fp16", "--no-measure", "--force", "--quiet"]
        runs = [run(*convert)[1:] for _ in range(ROUNDS)]
    seconds, cpu, peak = (min(values) for values in zip(*runs))
    return (f"| {path.stem} | {byte_count(path) / 1e6:.0f} MB | {seconds:.1f} s | {cpu:.1f} s | {peak / 1e6:.0f} MB | "
            f"{cosines[0]} | {cosines[1]} |")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print("| format | size | convert | CPU | peak memory | image | text |\n|---|---|---|---|---|---|---|")
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        print(row(path, sys.argv[2]), flush=True)


if __name__ == "__main__":
    main()
