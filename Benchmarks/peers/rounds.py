"""The measurement: every engine of a case in its own process; one at a time computes, in an order that rotates."""

import json
import statistics
import subprocess
import sys
import time

from .cases import CASES, MINIMUM_COSINE, precision

SETTLE = 0.05
"""Seconds between engines, so that threads that spin after their last call sleep before the next engine runs."""


class Process:
    """A worker process and its replies."""

    def __init__(self, case, engine):
        self.engine = engine
        self.process = subprocess.Popen([sys.executable, "-m", "peers.worker", case, engine], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.memory = self._read()
        if "unavailable" in self.memory:
            raise RuntimeError(f"{engine}: {self.memory['unavailable']}")

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        return self._read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.engine}: its process ended with status {self.process.wait()}")
        return json.loads(line)


def start(name, engines):
    """Opens the engines one after the other; one that fails is reported and left out."""
    alive = []
    for engine in engines:
        try:
            alive.append(Process(name, engine))
        except RuntimeError as error:
            print(f"left out: {error}", file=sys.stderr)
    return alive


def check_agreement(processes):
    """{engine: worst cosine against PyTorch in FP32}; an engine below the limit ends the run."""
    cosines = {}
    for process in processes:
        cosine = cosines[process.engine] = process.ask(agree=True)["worst_cosine"]
        if not cosine >= MINIMUM_COSINE[precision(process.engine)]:
            raise SystemExit(f"{process.engine}: worst cosine {cosine:.6f} against FP32, expected at least "
                             f"{MINIMUM_COSINE[precision(process.engine)]}: not the same model")
    return cosines


def race(name, rounds, seconds, engines=None):
    """Runs a case: {"engines": {engine: {…}}, "batches": {batch: {engine: [[seconds per call, …] per round]}}}."""
    case = CASES[name]
    processes = start(name, [e for e in case.engines if engines is None or e in engines])
    try:
        cosines = check_agreement(processes)
        times = {batch: {process.engine: [] for process in processes} for batch in case.batches}
        for turn in range(rounds):
            for batch in case.batches:
                first = turn % len(processes)
                for process in processes[first:] + processes[:first]:
                    time.sleep(SETTLE)
                    times[batch][process.engine].append(process.ask(time=batch, seconds=seconds)["seconds"])
        engines = {p.engine: {"worst_cosine": cosines[p.engine], **p.memory} for p in processes}
    finally:
        for process in processes:
            process.close()
    return {"engines": engines, "batches": {batch: {engine: summary(r, batch) for engine, r in by_engine.items()}
                                            for batch, by_engine in times.items()}}


def summary(rounds, batch):
    """Seconds per item: the median over the rounds of each round's median, the smallest, and each round's median."""
    medians = [statistics.median(calls) / batch for calls in rounds]
    return {"median": statistics.median(medians), "minimum": min(map(min, rounds)) / batch, "rounds": medians}
