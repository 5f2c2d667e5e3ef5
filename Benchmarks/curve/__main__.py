"""Measures cosine to FP32 beside zero-shot decisions, over precisions, roundings and bit widths.

    python -m curve CHECKPOINT … --images FOLDER --template 'a photo of a {}.' -o NAME
    python -m curve --minis [CHECKPOINT …] --publish

CHECKPOINT is anything that `pocketclip convert` reads with these options. FOLDER has a folder for each label with its
images: FOLDER/cat/1.jpg. --minis measures the trained minis on their held-out images (Fixtures/minis). Writes NAME.csv
and NAME.svg and prints Markdown. Precisions and roundings are those of the command line, run by our runtime. Bit widths
are simulated in PyTorch by the rules of docs/BUNDLE.md; --no-simulation leaves them out, and needs only NumPy.
"""

import argparse
import pathlib
import sys
import tempfile

from . import MINIS, RESULTS, labelled, plot, points, report

TEMPLATE = "a picture of a {}."


def parsed():
    parser = argparse.ArgumentParser(prog="curve", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", type=pathlib.Path)
    parser.add_argument("--images", type=pathlib.Path, help="a folder with a folder of images for each label")
    parser.add_argument("--template", default=TEMPLATE, help="the prompt; {} is the label. Default: %(default)s")
    parser.add_argument("--minis", action="store_true", help="the committed minis, and the minis' held-out images")
    parser.add_argument("--per-class", type=int, default=16, help="held-out images of each label, at most 16")
    parser.add_argument("--bundle", action="append", help="options of `convert`; repeatable; default: "
                        + ", ".join(f"'{each}'" for each in points.BUNDLES))
    parser.add_argument("--no-simulation", action="store_true", help="only what our runtime runs")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="name of the files, without ending")
    parser.add_argument("--publish", action="store_true", help="write Benchmarks/results/curve/minis.csv and .svg")
    arguments = parser.parse_args()
    if arguments.minis == (arguments.images is not None):
        parser.error("name the images: either --minis or --images FOLDER")
    if not arguments.minis and not arguments.checkpoints:
        parser.error("name a checkpoint")
    if "{}" not in arguments.template:
        parser.error("--template has no {}, where the label belongs")
    if arguments.publish == (arguments.output is not None):
        parser.error("name the output: either -o NAME or --publish")
    return arguments


def rows(arguments, images):
    checkpoints = [*(MINIS / f"mini-{kind}.pt" for kind in ("vit", "rn") if arguments.minis), *arguments.checkpoints]
    for checkpoint in checkpoints:
        with tempfile.TemporaryDirectory() as folder:
            subject = points.Subject(checkpoint.stem, checkpoint, images, arguments.template, pathlib.Path(folder))
            yield from points.measured(subject, arguments.bundle or points.BUNDLES)
            if not arguments.no_simulation:
                yield from points.simulated(subject)


def collect(arguments, folder, file):
    """All rows. They are in the file as soon as they are measured: an interrupted run keeps what it has."""
    if arguments.minis:
        labelled.write_held_out(folder, arguments.per_class)
    found = []
    for row in rows(arguments, labelled.read(folder if arguments.minis else arguments.images)):
        print(row["model"], report.title(row), file=sys.stderr, flush=True)
        found.append(row)
        report.write(found, file)
    return found


def main():
    arguments = parsed()
    name = RESULTS / "minis" if arguments.publish else arguments.output
    name.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = collect(arguments, pathlib.Path(folder), f"{name}.csv")
    pathlib.Path(f"{name}.svg").write_text(plot.svg(found))
    print(report.markdown(found))


if __name__ == "__main__":
    main()
