"""PocketCLIP beside ONNX Runtime, OpenVINO and PyTorch on the same synthetic weights.

    python -m peers [--case b32-image …] [--rounds 7] [--seconds 0.5] [--engine NAME …] [--json FILE]

Prints Markdown. Every engine is alive in its own process with two threads; they compute in turn, in rotating order.
"""

import argparse
import json
import sys

from . import machine, report, rounds
from .cases import CASES


def parsed():
    parser = argparse.ArgumentParser(prog="peers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=CASES, help="repeatable; default: all")
    parser.add_argument("--engine", action="append", help="race only these engines of the case")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each engine, batch and round")
    parser.add_argument("--json", help="write everything measured to this file")
    return parser.parse_args()


def main():
    arguments = parsed()
    document = {"machine": machine.description(), "rounds": arguments.rounds, "cases": {}}
    table, heads = [], []
    for name in arguments.case or CASES:
        result = rounds.race(name, arguments.rounds, arguments.seconds, arguments.engine)
        rows = report.rows(name, result, document["machine"]["peak"])
        document["cases"][name] = {**result, "rows": rows, "headline": report.headline(rows)}
        table += rows
        heads += report.headline(rows)
        print(f"{name} measured", file=sys.stderr, flush=True)
    print(f"{report.headline_table(heads)}\n\n{report.engine_table(table)}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(document, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
