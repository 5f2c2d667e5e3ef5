#!/usr/bin/env python3
"""Runs the command line on every malformed file, each in a separate process, and reports the cost of refusing it.

usage: census.py POCKETCLIP [--write DOCUMENT]

Fails when a file is not refused with the code, offset and exit status that its sidecar and the code's row in
docs/CHECKPOINTS.md state, when one takes more than 2 s or 200 MB, or when a code has no file. Standard library only.
"""

import collections
import dataclasses
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MALFORMED = ROOT / "Fixtures/malformed"
SECONDS, MEGABYTES = 2, 200
# Damage that shows only when weights are read, options, and paths that a repository cannot hold: the tests
# provoke these themselves.
ELSEWHERE = {"fileNotFound": "PathTests", "permissionDenied": "PathTests", "notARegularFile": "PathTests",
             "ioFailure": "PathTests", "noAddressSpace": "PathTests", "notInHubCache": "PathTests",
             "zipChecksumMismatch": "UnusualArchiveTests", "hdf5ChunkDamaged": "HDF5Tests",
             "noModelBelowPrefix": "TowerSearchTests", "oneOfSeveralShards": "FolderTests", "furtherModules": "FolderTests"}
BEGIN, END = "<!-- census: begin -->", "<!-- census: end -->"


@dataclasses.dataclass
class Run:
    status: int
    answer: dict
    seconds: float
    megabytes: float


def run(*command):
    """`wait4` returns the peak memory of the one process."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    try:
        answer = json.loads(text)
    except ValueError:
        answer = {}
    return Run(process.returncode, answer, seconds, usage.ru_maxrss / 1024)


def documented_codes():
    """Name to exit status, from the table of docs/CHECKPOINTS.md."""
    rows = re.findall(r"^\| \d+ \| `(\w+)` \| (\d+) \|", (ROOT / "docs/CHECKPOINTS.md").read_text(), re.M)
    return {name: int(status) for name, status in rows}


def checkpoint_complaint(case, sidecar, exit_status):
    cause = case.answer.get("cause", {})
    found = (cause.get("code"), cause.get("name"), case.status)
    expected = (sidecar["code"], sidecar["name"], exit_status)
    if found != expected:
        return f"expected {expected}, found {found}"
    if sidecar["offset"] is not None and cause.get("offset") != sidecar["offset"]:
        return f"expected byte {sidecar['offset']}, found {cause.get('offset')}"
    if ("window" in case.answer) != ("offset" in cause):
        return "--explain shows bytes where the error names an offset, and only there"
    return None


def census(tool):
    """Rows by group, and the problems."""
    rows, complaints, seen = collections.defaultdict(list), [], collections.Counter()
    statuses = documented_codes()
    for path in sorted(MALFORMED.glob("*/*.json")):
        sidecar = json.loads(path.read_text())
        if "rule" in sidecar:  # a bundle: some rules concern contents that only verify reads
            name = path.with_suffix(".pclip")
            if not name.exists():  # made by a test, which the sidecar names
                continue
            case = run(tool, "verify", "--json", name)
            complaint = None if case.status in (65, 69) else f"expected exit status 65 or 69, found {case.status}"
        elif "name" in sidecar:
            name = path.parent / (sidecar["open"] or path.stem)
            case = run(tool, "inspect", "--explain", "--json", name)
            complaint = checkpoint_complaint(case, sidecar, statuses.get(sidecar["name"]))
            seen[sidecar["name"]] += 1
        else:  # part of a malformed folder
            continue
        if case.seconds > SECONDS or case.megabytes > MEGABYTES:
            complaint = f"{case.seconds:.2f} s, {case.megabytes:.0f} MB"
        if complaint:
            complaints.append(f"{name.relative_to(ROOT)}: {complaint}")
        rows[path.parent.name].append((case, complaint))
    complaints += [f"{name}: no malformed file has this code" for name in statuses
                   if not seen[name] and name not in ELSEWHERE]
    return rows, complaints, seen


def table(rows, seen):
    lines = ["| format or container | files | refused as documented | slowest | largest memory |",
             "|---|---|---|---|---|"]
    def row(name, cases):
        refused = sum(complaint is None for _, complaint in cases)
        slowest = max(case.seconds for case, _ in cases) * 1000
        largest = max(case.megabytes for case, _ in cases)
        return f"| {name} | {len(cases)} | {refused} | {slowest:.0f} ms | {largest:.0f} MB |"
    lines += [row(f"`{name}`", cases) for name, cases in rows.items()]
    lines.append(row("all", [case for cases in rows.values() for case in cases]))
    return lines + ["", f"{len(seen)} codes have a file here; {len(ELSEWHERE)} have tests that generate the file, because a "
                    f"repository cannot hold it. {machine()}"]


def machine():
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return (f"Measured on {os.cpu_count()} cores of {model[1] if model else platform.machine()}, times from start to end "
            "of the process.")


def write(document, lines, begin=BEGIN, end=END):
    before, rest = document.read_text().split(begin)
    document.write_text("\n".join([before + begin, *lines, end + rest.split(end)[1]]))


def main():
    if len(sys.argv) not in (2, 4) or (len(sys.argv) == 4 and sys.argv[2] != "--write"):
        sys.exit(__doc__)
    rows, complaints, seen = census(sys.argv[1])
    lines = table(rows, seen)
    print("\n".join(lines))
    if complaints:
        sys.exit("\n".join(["", *complaints]))
    if len(sys.argv) == 4:
        write(pathlib.Path(sys.argv[3]), lines)


if __name__ == "__main__":
    main()
