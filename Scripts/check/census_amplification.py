#!/usr/bin/env python3
"""Runs the command line on files that request far more memory or time than their size, each in a separate process.

usage: census_amplification.py POCKETCLIP [--write DOCUMENT]

Fails where a command takes more than MEGABYTES and BYTES for each byte of the file, or SECONDS and MICROSECONDS for each,
or ends by a signal. The memory limit is strict; the time limit is generous, because machines differ. The files are
those of `amplification`.
Standard library only.
"""

import collections
import pathlib
import subprocess
import sys
import tempfile

from census import machine, run, write

HERE = pathlib.Path(__file__).resolve().parent
# The memory to start the process, and a budget's base of 64 MiB in containers that grow.
MEGABYTES, BYTES = 128, 64
SECONDS, MICROSECONDS = 5, 10
LEAST_BYTES = 200_000
# The settings that the tiny model's file does not record; cases named `model-` are otherwise complete.
MODEL = ["--activation", "quickgelu", "--heads", "1,1", "--pooling", "highest", "--preprocess", "openai"]
LEAST_CASES, LEAST_IN_GROUP = 100, 10
BEGIN, END = "<!-- amplification: begin -->", "<!-- amplification: end -->"


def commands(tool, group, path, output):
    """`inspect` in both forms and `convert`; a bundle is verified as well."""
    options = ["--adapter", "merge"] if group == "adapter" else []
    yield tool, "inspect", path, *options
    yield tool, "inspect", "--explain", "--json", path, *options
    complete = MODEL if path.name.startswith("model-") else []
    yield tool, "convert", path, "-o", output, "--force", "--no-measure", *options, *complete
    if group == "bundle":
        yield tool, "verify", "--json", path


def size(path):
    """Without the targets of links."""
    if path.is_symlink():
        return 0
    return path.stat().st_size if path.is_file() else sum(size(inner) for inner in path.iterdir())


def census(tool, folder):
    """(name, bytes, seconds, megabytes) by group, and the problems."""
    rows, complaints = collections.defaultdict(list), []
    for path in sorted(folder.glob("*/*")):
        group, count = path.parent.name, size(path)
        cases = [run(*command) for command in commands(tool, group, path, folder / "out.pclip")]
        seconds, megabytes = max(case.seconds for case in cases), max(case.megabytes for case in cases)
        name = f"{group}/{path.name}"
        if seconds > SECONDS + MICROSECONDS * count / 1e6:
            complaints.append(f"{name}: {seconds:.1f} s for {count} bytes")
        if megabytes > MEGABYTES + BYTES * count / 1e6:
            complaints.append(f"{name}: {megabytes:.0f} MB for {count} bytes")
        complaints += [f"{name}: ended by signal {-case.status}" for case in cases if case.status < 0]
        rows[group].append((path.name, count, seconds, megabytes))
    few = [group for group, cases in rows.items() if len(cases) < LEAST_IN_GROUP]
    if few or sum(map(len, rows.values())) < LEAST_CASES:
        complaints.append(f"fewer than {LEAST_IN_GROUP} cases of {few}, or {LEAST_CASES} in total")
    return rows, complaints


def table(rows, start):
    """Memory beyond `start`, that of a process that reads nothing. Small files may also take the base of a budget: per
    byte they count as LEAST_BYTES."""
    lines = ["| format or container | files | slowest | time per kB | largest memory | memory per byte |",
             "|---|---|---|---|---|---|"]

    def row(name, cases):
        slowest = max(seconds for _, _, seconds, _ in cases)
        largest = max(megabytes for _, _, _, megabytes in cases)
        per_kilobyte = max(seconds * 1e6 / max(count, LEAST_BYTES) for _, count, seconds, _ in cases)
        per_byte = max((megabytes - start) * 1e6 / max(count, LEAST_BYTES) for _, count, _, megabytes in cases)
        return (f"| {name} | {len(cases)} | {slowest:.2f} s | {per_kilobyte:.1f} ms | {largest:.0f} MB | "
                f"{max(per_byte, 0):.0f} bytes |")
    lines += [row(f"`{name}`", cases) for name, cases in rows.items()]
    lines.append(row("all", [case for cases in rows.values() for case in cases]))
    return lines + ["", machine()]


def main():
    if len(sys.argv) not in (2, 4) or (len(sys.argv) == 4 and sys.argv[2] != "--write"):
        sys.exit(__doc__)
    tool = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        # In a separate process: a child's peak memory begins with that of its parent.
        subprocess.run([sys.executable, "-m", "amplification", folder], cwd=HERE, check=True)
        start = run(tool, "--version").megabytes
        rows, complaints = census(tool, pathlib.Path(folder))
    lines = table(rows, start)
    print("\n".join(lines))
    if complaints:
        sys.exit("\n".join(["", *complaints]))
    if len(sys.argv) == 4:
        write(pathlib.Path(sys.argv[3]), lines, BEGIN, END)


if __name__ == "__main__":
    main()
