"""The measurement: every entrant of a case in its own process; one at a time computes, in an order that rotates."""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from .cases import CASES, MINIMUM_COSINE, precision

SETTLE = 0.05
"""Seconds between entrants, so that threads that spin after their last call sleep before the next one runs."""


@dataclass(frozen=True)
class Entrant:
    """An engine under a name, with variables of its environment."""

    name: str
    engine: str
    environment: dict[str, str] = field(default_factory=dict)


class Process:
    """A worker process and its replies."""

    def __init__(self, case, entrant):
        self.name, self.engine = entrant.name, entrant.engine
        self.process = subprocess.Popen([sys.executable, "-m", "peers.worker", case, entrant.engine], text=True,
                                        bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=os.environ | entrant.environment)
        self.facts = self._read()
        if "unavailable" in self.facts:
            raise RuntimeError(f"{self.name}: {self.facts['unavailable']}")

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        return self._read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}: its process ended with status {self.process.wait()}")
        return json.loads(line)


def start(case, entrants):
    """Opens the entrants one after the other; one that fails is reported and left out."""
    alive = []
    for entrant in entrants:
        try:
            alive.append(Process(case, entrant))
        except RuntimeError as error:
            print(f"left out: {error}", file=sys.stderr)
    return alive


def check_agreement(processes):
    """Adds each entrant's worst cosine against PyTorch in FP32; one below the limit ends the run."""
    for process in processes:
        process.facts |= process.ask(agree=True)
        cosine, least = process.facts["worst_cosine"], MINIMUM_COSINE[precision(process.engine)]
        if not cosine >= least:
            raise SystemExit(f"{process.name}: worst cosine {cosine:.6f} against FP32, expected at least {least}: not "
                             "the same model")


def race(name, rounds, seconds, entrants):
    """Runs a case: {"engines": {name: {…}}, "batches": {batch: {name: {…}}}}."""
    case = CASES[name]
    processes = start(name, entrants)
    try:
        check_agreement(processes)
        times = {batch: {process.name: [] for process in processes} for batch in case.batches}
        for turn in range(rounds):
            for batch in case.batches:
                first = turn % max(len(processes), 1)
                for process in processes[first:] + processes[:first]:
                    time.sleep(SETTLE)
                    times[batch][process.name].append(process.ask(time=batch, seconds=seconds)["seconds"])
        engines = {process.name: process.facts for process in processes}
    finally:
        for process in processes:
            process.close()
    return {"engines": engines, "batches": {batch: {each: summary(r, batch) for each, r in by_name.items()}
                                            for batch, by_name in times.items()}}


def summary(rounds, batch):
    """Seconds per item: the median of each round, and the smallest of all rounds."""
    return {"rounds": [statistics.median(calls) / batch for calls in rounds],
            "minimum": min(map(min, rounds)) / batch}


def quartiles(values):
    """The first quartile, the median and the third; three times the value if there is only one."""
    if len(values) == 1:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")
