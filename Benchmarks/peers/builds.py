"""Races two builds of libpocketclip.so in pairs, on the same bundles and inputs.

    python -m peers.builds OLD.so NEW.so [--case b32-image …] [--engine pocketclip-int8 …] [--isa avx512vnni]
                           [--old-tool pocketclip] [--new-tool pocketclip] [--without-amx]
                           [--rounds 21] [--seconds 0.3] [--realtime]

Prints Markdown: of each build the median of the rounds, their quartiles and the least time, in milliseconds per item;
the ratio OLD / NEW (above 1: NEW is faster) as the median and the quartiles over the pairs, and of the least times; the
worst cosine of each against PyTorch in FP32; whether all outputs have the same bits. A pair is one turn of each build;
which one is first alternates. Ends with status 1 if a row is not measured, or if NEW is slower: if in three of four
pairs of a row it takes over 1 % longer.
"""

import argparse
import collections
import hashlib
import pathlib
import sys
from operator import truediv

from . import machine, report, rounds
from .cases import CASES, WITHOUT_AMX, is_ours

SLOWER = "slower"
TOLERANCE = 0.99
"""Two links of the same code differ by less, because their functions lie at other addresses."""
HEAD = """\
| case | batch | arithmetic | old ms | quartiles | least | new ms | quartiles | least | ratio | quartiles | of least | \
worst cosine, old / new | same bits |
|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|"""


def parsed():
    parser = argparse.ArgumentParser(prog="peers.builds", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--case", action="append", choices=CASES, help="repeatable; default: all")
    parser.add_argument("--engine", action="append", help="measure only these engines, such as pocketclip-exact")
    parser.add_argument("--old-tool", type=pathlib.Path, help="the command line that writes OLD's bundles, if both "
                        "builds cannot read the same ones; default: .build/release/pocketclip")
    parser.add_argument("--new-tool", type=pathlib.Path, help="the same for NEW")
    parser.add_argument("--isa", help="kernels of both builds (PCLIP_ISA); default: the fastest of this machine")
    parser.add_argument("--without-amx", action="store_true", help="the system refuses AMX to both builds")
    parser.add_argument("--rounds", type=int, default=21, help="pairs of each row")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each build in each pair")
    parser.add_argument("--realtime", action="store_true",
                        help="with priority over all other programs: stable figures on a busy machine; needs root")
    return parser.parse_args()


def race(case, engine, arguments):
    """The result of rounds.race with the entrants `old` and `new`."""
    selected = engine + (WITHOUT_AMX if arguments.without_amx else "")
    isa = {"PCLIP_ISA": arguments.isa} if arguments.isa else {}
    builds = (("old", arguments.old, arguments.old_tool), ("new", arguments.new, arguments.new_tool))
    entrants = [rounds.Entrant(name, selected, isa | bundles_of(tool) | library_of(path)) for name, path, tool in builds]
    return rounds.race(case, arguments.rounds, arguments.seconds, entrants)


def library_of(path):
    return {"PEERS_LIBRARY": str(path.resolve(strict=True))}


def bundles_of(tool):
    """The environment of an entrant whose bundles this program writes, kept apart by its content."""
    if tool is None:
        return {}
    content = hashlib.sha256(tool.read_bytes()).hexdigest()
    return {"POCKETCLIP": str(tool.resolve()), "PEERS_BUNDLES": f"-{content[:12]}"}


def lines(case, engine, result):
    """(Markdown, what is wrong: SLOWER, NOT_MEASURED or nothing) of each batch."""
    if result["engines"].keys() != {"old", "new"}:
        return [(f"| {CASES[case].title} | | {engine} | {report.NOT_MEASURED} | | | | | | | | | | |",
                 report.NOT_MEASURED)]
    old_facts, new_facts = result["engines"]["old"], result["engines"]["new"]
    same = "yes" if old_facts["outputs"] == new_facts["outputs"] else "no"
    table = []
    for batch, times in result["batches"].items():
        first, median, third = rounds.quartiles(list(map(truediv, times["old"]["rounds"], times["new"]["rounds"])))
        cells = [CASES[case].title, str(batch), engine]
        for each in (report.milliseconds(times["old"]), report.milliseconds(times["new"])):
            cells += [f"{each['median_ms']:.3f}", report.span(each["quartiles_ms"]), f"{each['minimum_ms']:.3f}"]
        cells += [f"{median:.3f}", f"{first:.3f}–{third:.3f}",
                  f"{times['old']['minimum'] / times['new']['minimum']:.3f}",
                  f"{old_facts['worst_cosine']:.6f} / {new_facts['worst_cosine']:.6f}", same]
        table.append((f"| {' | '.join(cells)} |", SLOWER if third < TOLERANCE else ""))
    return table


def main():
    arguments = parsed()
    if arguments.realtime:
        machine.require_realtime()
    print(f"{machine.description()['processor']}, load {machine.load():.1f}\n\n{HEAD}", flush=True)
    wrong = collections.Counter()
    for case in arguments.case or CASES:
        for engine in filter(is_ours, CASES[case].engines):
            if arguments.engine and engine not in arguments.engine:
                continue
            for line, problem in lines(case, engine, race(case, engine, arguments)):
                print(line, flush=True)
                wrong[problem] += 1
    if wrong[SLOWER] or wrong[report.NOT_MEASURED]:
        sys.exit(f"rows in which the new build is slower: {wrong[SLOWER]}; not measured: {wrong[report.NOT_MEASURED]}")


if __name__ == "__main__":
    main()
