"""One engine in a separate process: reads commands, one JSON object per line, and replies to each with one.

    python -m peers.worker CASE ENGINE

Commands: {"time": batch, "seconds": budget} → {"seconds": [per call, …]};
{"agree": true} → {"worst_cosine": …, "outputs": hash of all outputs}.
The first line, after loading, states the memory and whether the process may use AMX: {"resident_bytes": …, …}; or
{"unavailable": why}.
"""

import hashlib
import json
import os
import sys
import time

import numpy as np

from . import amx, exports, inputs, machine, models
from .cases import CASES, WITHOUT_AMX, plain
from .engines import ENGINES

MINIMUM_CALLS = 3


def worst_cosine(outputs, reference):
    norms = np.linalg.norm(outputs, axis=1) * np.linalg.norm(reference, axis=1)
    return float((np.einsum("ij,ij->i", outputs, reference, dtype=np.float64) / norms).min())


def timed(call, budget):
    """Seconds of each call, after one call that loads the engine's weights and wakes its threads."""
    call()
    times, end = [], time.perf_counter() + budget
    while len(times) < MINIMUM_CALLS or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return times


class Worker:
    def __init__(self, case, engine):
        self.case = case
        self.everything = inputs.of_case(case, models.image_size(case.variant))
        self.engine = ENGINES[engine](case)
        self.calls = {batch: self.engine.prepare(self.everything[:batch]) for batch in case.batches}

    def agree(self):
        """The worst cosine over all inputs at the largest batch; a hash of the outputs of all batches."""
        reference = np.load(exports.path(self.case.variant, self.case.tower, "reference"))[self.case.inputs]
        outputs = {batch: np.array(call()) for batch, call in self.calls.items()}
        largest = max(outputs)
        return {"worst_cosine": worst_cosine(outputs[largest], reference[:largest]),
                "outputs": hashlib.sha256(b"".join(each.tobytes() for each in outputs.values())).hexdigest()}

    def answer(self, command):
        if "time" in command:
            return {"seconds": timed(self.calls[command["time"]], command["seconds"])}
        return self.agree()


def prepared(case, engine):
    """A worker that has run once. AMX is refused before the engine's library is loaded."""
    refuses = engine.endswith(WITHOUT_AMX)
    if refuses:
        amx.refuse()
    worker = Worker(CASES[case], plain(engine))
    for call in worker.calls.values():
        call()
    if refuses and amx.permitted():
        raise RuntimeError("uses AMX although it is refused")
    return worker


def main(case, engine):
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print must not mix with the replies
    try:
        worker = prepared(case, engine)
    except RuntimeError as error:  # the errors of engines for an unsupported machine or option
        replies.write(json.dumps({"unavailable": str(error)}) + "\n")
        return
    machine.before_others()  # not before: exporting is not part of the measurement
    replies.write(json.dumps(machine.memory() | {"amx": amx.permitted()}) + "\n")
    for line in sys.stdin:
        replies.write(json.dumps(worker.answer(json.loads(line))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
