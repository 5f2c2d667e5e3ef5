#!/usr/bin/env python3
"""Rewrites the lock of an environment: every package of its requirements, with version and SHA-256.

usage: python3 -m venv v && v/bin/python Scripts/environments/lock.py NAME

`locks/NAME.lock` begins with the requirements, one kind per line:

    #: REQUIREMENT...   with dependencies
    #! REQUIREMENT...   without
    #- NAME...          locks that are installed before: their packages are left out
    #@ VERSION...       Pythons, each on the platforms below, or on those that end as in 3.8/x86_64; none: the interpreter and
                        the machine that run this

pip chooses the rest. An interpreter or a platform that is not in the lock has other files, and pip refuses them.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

LOCKS = pathlib.Path(__file__).resolve().parent / "locks"
PLATFORMS = [
    [f"manylinux{tag}_{machine}" for tag in ("_2_28", "_2_27", "_2_24", "_2_17", "2014", "2010", "1")] for machine in ("x86_64", "aarch64")
] + [[f"macosx_{version}_0_arm64" for version in range(15, 10, -1)]]


def chosen(requirements, options):
    """Pairs of name==version and hash, as pip would install them."""
    if not requirements:
        return []
    with tempfile.NamedTemporaryFile() as report:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report",
                        report.name, *options, *requirements], check=True)
        packages = json.load(report)["install"]
    return [(re.sub(r"[-_.]+", "-", package["metadata"]["name"]).lower() + "==" + package["metadata"]["version"],
             package["download_info"]["archive_info"]["hashes"]["sha256"]) for package in packages]


def targets(pythons):
    if not pythons:
        return [[]]
    elsewhere = ["--only-binary", ":all:", "--target", "/nowhere"]
    found = []
    for python, _, machine in (word.partition("/") for word in pythons):
        for tags in PLATFORMS:
            if tags[0].endswith(machine):
                platform = [word for tag in tags for word in ("--platform", tag)]
                found.append([*elsewhere, "--python-version", python, *platform])
    return found


def main():
    path = LOCKS / f"{sys.argv[1]}.lock"
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    words = {mark: [word for line in head if line.startswith(f"#{mark} ") for word in line.split()[1:]] for mark in ":!-@"}
    known = {line.split()[0] for name in words["-"] for line in (LOCKS / f"{name}.lock").read_text().splitlines()}
    hashes = {}
    for target in targets(words["@"]):
        for package, digest in chosen(words[":"], target) + chosen(words["!"], ["--no-deps", *target]):
            if package not in known:
                hashes.setdefault(package, set()).add(digest)
    lines = [" ".join([package, *(f"--hash=sha256:{digest}" for digest in sorted(hashes[package]))]) for package in sorted(hashes)]
    path.write_text("\n".join([*head, *lines]) + "\n")
    print(f"{path.name}: {len(lines)} packages")


if __name__ == "__main__":
    main()
