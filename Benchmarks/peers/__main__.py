"""Compares PocketCLIP with ONNX Runtime, OpenVINO and PyTorch on the same synthetic weights.

    python -m peers [--case b32-image …] [--rounds 7] [--seconds 0.5] [--engine NAME …] [--publish]

Prints Markdown. Every engine runs in its own process with two threads; they compute in turn, in rotating order.
With --publish the results of the cases replace those of this kind of machine in Benchmarks/results, and the tables of
docs/benchmarks.md are rewritten.
"""

import argparse
import sys
import time

from . import exports, machine, publish, rounds
from .cases import CASES, with_refusals


def parsed():
    parser = argparse.ArgumentParser(prog="peers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=publish.NAMES, help="repeatable; default: all")
    parser.add_argument("--engine", action="append", help="measure only these engines of the case")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each engine, batch and round")
    parser.add_argument("--realtime", action="store_true",
                        help="with priority over all other programs: stable figures on a busy machine; needs root")
    parser.add_argument("--publish", action="store_true", help="write Benchmarks/results and docs/benchmarks.md")
    return parser.parse_args()


def measure(name, arguments):
    """One case, and the machine's peak for its shares, measured before and after."""
    before = machine.peak()
    circumstances = {"commit": machine.commit(), "date": time.strftime("%Y-%m-%d %H:%M"),
                     "load": machine.load(), "rounds": arguments.rounds, "realtime": arguments.realtime}
    if name in publish.ALONE:
        result = {"result": publish.ALONE[name].measure(arguments.rounds, arguments.seconds)}
    else:
        result = race(name, arguments, has_amx=before["int8_tiles"] > 0)
    return circumstances | {"peak": machine.best(before, machine.peak())} | result


def race(name, arguments, has_amx):
    case = CASES[name]
    engines = [each for each in case.engines if arguments.engine is None or each in arguments.engine]
    steps = {each: exports.steps(case.variant, case.tower, each) for each in engines}
    entrants = [rounds.Entrant(each, each) for each in (with_refusals(engines) if has_amx else engines)]
    return {"operations": exports.operations(case.variant, case.tower),
            "exports": {engine: made for engine, made in steps.items() if made},
            **rounds.race(name, arguments.rounds, arguments.seconds, entrants)}


def main():
    arguments = parsed()
    if arguments.realtime:
        machine.require_realtime()
    measured = {}
    for name in arguments.case or publish.NAMES:
        measured[name] = measure(name, arguments)
        print(f"{name} measured", file=sys.stderr, flush=True)
        if arguments.publish:  # case by case: an interrupted run keeps what it has
            publish.store({name: measured[name]})
    print(publish.markdown(measured))
    if arguments.publish:
        publish.write_document()


if __name__ == "__main__":
    main()
