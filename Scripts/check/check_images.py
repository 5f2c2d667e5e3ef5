#!/usr/bin/env python3
"""Gives small image files that request much memory to `embed`, each in a separate process.

usage: check_images.py POCKETCLIP

Fails if the exit status or the message is not the expected one, if one takes more than 4 s or 400 MB, or if all
of them together, on eight threads, take more than 900 MB. Standard library only.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import hostile_images

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS, MEGABYTES, MEGABYTES_OF_ALL = 4, 400, 900


def run(*command):
    """Exit status, standard error, seconds, megabytes."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return process.returncode, errors.read().decode(), seconds, usage.ru_maxrss / 1024


def main():
    tool = pathlib.Path(sys.argv[1]).resolve()
    complaints, worst = [], (0, 0, "")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        bundle = str(folder / "m.pclip")
        subprocess.run([tool, "convert", ROOT / "Fixtures/minis/mini-vit.pt", "-o", bundle, "--no-measure", "-q"],
                       check=True, stdout=subprocess.DEVNULL)
        images = folder / "images"
        images.mkdir()
        cases = hostile_images.cases()
        for name, content, expected, text in cases:
            (images / name).write_bytes(content)
            status, message, seconds, megabytes = run(tool, "embed", "-m", bundle, str(images / name), "-q")
            worst = max(worst, (megabytes, seconds, name))
            if status != expected or (text or "") not in message:
                complaints.append(f"{name}: expected status {expected} and {text!r}, found {status}: {message.strip()[:200]}")
            if seconds > SECONDS or megabytes > MEGABYTES:
                complaints.append(f"{name}: {len(content)} bytes took {seconds:.1f} s and {megabytes:.0f} MB")
        _, _, _, together = run(tool, "embed", "-m", bundle, str(images), "-q", "--threads", "8")
        if together > MEGABYTES_OF_ALL:
            complaints.append(f"all on eight threads: {together:.0f} MB")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(cases)} images; the largest memory {worst[0]:.0f} MB in {worst[1]:.1f} s ({worst[2]}); together {together:.0f} MB")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
