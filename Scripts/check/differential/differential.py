#!/usr/bin/env python3
"""Compares PocketCLIP's readers with the original libraries, over valid and mutated files.

    differential.py FORMAT… [--files N] [--reader PATH] [--keep FOLDER]

Where both accept a file, names, shapes, types and values must be equal. A difference needs a cause in causes.py, or the
run fails. N counts mutated files of each format; a file depends only on the format and its number. FOLDER receives an
example of each kind of difference. Environment: Scripts/environments/venv-differential.sh.
"""

import argparse
import collections
import pathlib
import random
import sys

import causes
import comparison
import formats
from listings import Run

BATCH = 1000


class Tally:
    def __init__(self, name, keep):
        self.name = name
        self.keep = keep
        self.counts = collections.Counter()
        self.differences = collections.Counter()
        self.refusals = collections.Counter()
        self.crashes = collections.Counter()

    def add(self, label, content, ours, theirs):
        self.counts["files"] += 1
        self.counts[{(True, True): "both", (True, False): "only ours", (False, True): "only theirs",
                     (False, False): "neither"}[ours.accepted, theirs.accepted]] += 1
        if theirs.outcome == "crashed":
            self.crashes[theirs.reason] += 1
        if theirs.accepted and not ours.accepted:
            self.refusals[ours.reason] += 1
        found = comparison.difference(ours, theirs)
        if found is None:
            return
        cause = causes.cause(self.name, found, content, ours, theirs)
        self.differences[found, cause] += 1
        if self.keep and self.differences[found, cause] <= 3:
            number = self.differences[found, cause]
            (self.keep / f"{self.name} {found} {label} {number}".replace("/", "_")[:200]).write_bytes(content)

    def report(self):
        counts = self.counts
        print(f"{self.name}: {counts['files']} files, both accept {counts['both']}, only ours {counts['only ours']}, "
              f"only theirs {counts['only theirs']}, neither {counts['neither']}, "
              f"their crashes {sum(self.crashes.values())}")
        for (found, cause), count in self.differences.most_common():
            print(f"  {count:7} {found}: {cause or 'WITHOUT A KNOWN CAUSE'}")
        print("  refused by ours alone: " + ", ".join(f"{code} {n}" for code, n in self.refusals.most_common()))
        print("  their crashes: " + ", ".join(f"{reason} {n}" for reason, n in self.crashes.most_common()))
        return all(cause for _, cause in self.differences)


def numbered(form, count):
    """The valid files, then `count` mutated ones, with labels."""
    yield from form.sound()
    mutate = form.mutator()
    for number in range(count):
        yield str(number), mutate(random.Random(f"{form.name} {number}"))


def batches(items):
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def run(form, arguments):
    tally = Tally(form.name, arguments.keep)
    pending = None
    for batch in batches_then_none(form, arguments):
        if pending:
            labels, runs = pending
            for (label, content), ours, theirs in zip(labels, *(each.finish() for each in runs)):
                tally.add(label, content, ours, theirs)
        if batch:
            contents = [content for _, content in batch]
            pending = batch, (Run([arguments.reader, form.name], contents), Run(form.judge(arguments), contents))
    return tally.report()


def batches_then_none(form, arguments):
    """The last step only collects what the one before it started."""
    yield from batches(numbered(form, arguments.files))
    yield None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", choices=[*formats.BY_NAME, []], help="all where none is named")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--reader", default=".build/release/ReaderListing")
    parser.add_argument("--judge-hdf5", default=".build/judge_hdf5")
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    results = [run(formats.BY_NAME[name](), arguments) for name in arguments.formats or formats.BY_NAME]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
