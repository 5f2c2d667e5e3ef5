"""Measures PocketCLIP on the checkpoints that OpenAI published, and writes the results into the documentation.

Every model is measured even if another fails. The exit status is 0 if all requested models pass, 1 if one fails,
130 if the run was interrupted; the same command then continues.
"""

import argparse
import json
import pathlib
import shutil
import signal
import sys

import catalogue
import download
import measure
import page
import published
import report as reports
import space
from tool import Refusal, Tool


def say(text):
    print(f"official.sh: {text}", file=sys.stderr, flush=True)


def shown(name):
    """Progress of a download, only on a terminal."""
    if not sys.stderr.isatty():
        return lambda done, total: None
    return lambda done, total: print(
        f"\r{name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB", end="" if done < total else "\n", file=sys.stderr, flush=True)


def local_or_fetched(arguments, file, url, sha256):
    """The path of a file with this SHA-256: in --from, or downloaded."""
    if arguments.source:
        path = arguments.source / file
        if not path.is_file():
            raise download.Failure(f"{path}: no such file")
        download.check(path, sha256)
        return path
    path = arguments.folder / file
    download.fetch(url, path, sha256, shown(file))
    return path


def comparisons(arguments, model, table):
    """Published figures of the model, each with its image, or the reason why there is none."""
    found = []
    for source, figures in table["sources"].items():
        if model.name not in figures["values"]:
            continue
        image = table["images"][figures["image"]]
        entry = {"source": source, "url": figures["url"], "image": figures["image"], "image_sha256": image["sha256"],
                 "labels": figures["labels"], "quantity": figures["quantity"], "values": figures["values"][model.name],
                 "demand": figures["demand"]}
        comparison = {"entry": entry}
        try:
            comparison["image"] = local_or_fetched(arguments, figures["image"], image["url"], image["sha256"])
        except download.Failure as failure:
            comparison["missing"] = str(failure)
            if not arguments.source:  # a folder of checkpoints may hold no images
                comparison["failure"] = str(failure)
        found.append(comparison)
    return found


def sizes(arguments, models):
    """Bytes of the checkpoints, and those that are still to be downloaded."""
    known, missing = [], 0
    for model in models:
        path = (arguments.source or arguments.folder) / model.file
        part = path.with_name(path.name + ".part")
        if path.exists() or arguments.source:
            known.append(path.stat().st_size if path.exists() else 0)
            continue
        known.append(download.size(model.url(arguments.base_url)))
        missing += max(0, known[-1] - (part.stat().st_size if part.exists() else 0))
    return known, missing


def measured(arguments, tool, model, table):
    """The report's entry; after a failure of one model, the next is still measured."""
    try:
        path = local_or_fetched(arguments, model.file, model.url(arguments.base_url), model.sha256)
        figures = comparisons(arguments, model, table)
        return measure.model(tool, model, path, arguments.folder / "bundles", figures, arguments.keep, say)
    except (download.Failure, OSError) as failure:
        return reports.without_measurement(model, str(failure))


def run(arguments):
    table = published.read(arguments.published)
    models = catalogue.read(arguments.catalogue)
    chosen = catalogue.choose(models, arguments.only)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    tool = Tool(arguments.pocketclip)
    try:
        facts = reports.facts(tool)
    except (Refusal, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SystemExit(f"official.sh: {tool.path}: {reason}; build it with `make build`, or name it with --pocketclip")
    report = reports.Report(arguments.folder / "report.json", facts, models, needs_figures=not arguments.source)
    rest = [model for model in chosen if not report.has(model)]
    if len(rest) < len(chosen):
        say(f"{len(chosen) - len(rest)} of {len(chosen)} passed before ({report.path}); delete that file to repeat them")
    known, missing = sizes(arguments, rest)
    say(space.check(*space.needed(known, missing, arguments.keep), arguments.folder))
    if 0 in known:
        say(f"and what {known.count(0)} checkpoints need whose size is unknown")
    bundles = arguments.folder / "bundles"
    if not arguments.keep:  # those of an interrupted run
        shutil.rmtree(bundles, ignore_errors=True)
    bundles.mkdir(exist_ok=True)
    for model in rest:
        say(f"{model.name}: {model.file}")
        report.add(measured(arguments, tool, model, table))
    finish(arguments, report, chosen)


def finish(arguments, report, chosen):
    content = report.content
    failed = [entry for entry in content["models"] if entry["verdict"] != "pass"]
    for entry in failed:
        for failure in entry["failures"]:
            say(f"{entry['name']}: {failure}")
    passed = sum(report.entries[model.name]["verdict"] == "pass" for model in chosen)
    say(f"{passed} of {len(chosen)} pass; the report is {report.path}; "
        f"`sh Scripts/check/official.sh render {report.path}` writes it into docs/OFFICIAL.md")
    if arguments.json:
        print(json.dumps(content, indent=1))
    sys.exit(passed < len(chosen))


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="official.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run", help="download, convert and verify; write a report")
    runner.add_argument("--only", action="append", default=[], metavar="NAME", help="this model; may be repeated")
    runner.add_argument("--from", dest="source", type=pathlib.Path, metavar="DIR",
                        help="take checkpoints (ViT-B-32.pt, ...) and images from this folder; download nothing")
    runner.add_argument("--folder", type=pathlib.Path, default=catalogue.ROOT / ".official", metavar="DIR",
                        help="folder for downloads, bundles and report.json (default: .official)")
    runner.add_argument("--keep", action="store_true", help="keep the bundles")
    runner.add_argument("--json", action="store_true", help="print the report")
    runner.add_argument("--pocketclip", default=catalogue.ROOT / ".build/release/pocketclip", metavar="FILE",
                        help="the command line (default: .build/release/pocketclip)")
    runner.add_argument("--base-url", default=catalogue.BASE_URL, metavar="URL",
                        help=f"a mirror: files are at URL/SHA-256/NAME.pt (default: {catalogue.BASE_URL})")
    runner.add_argument("--published", default=published.TABLE, metavar="FILE", help="other published figures")
    runner.set_defaults(action=run)
    renderer = commands.add_parser("render", help="write a report into docs/OFFICIAL.md, docs/official.json and README.md")
    renderer.add_argument("report", type=pathlib.Path)
    renderer.add_argument("--root", type=pathlib.Path, default=catalogue.ROOT, metavar="DIR", help="the repository")
    renderer.set_defaults(
        action=lambda arguments: page.write(arguments.root, arguments.report, catalogue.read(arguments.catalogue)))
    for command in (runner, renderer):
        command.add_argument("--catalogue", default=catalogue.CATALOGUE, metavar="FILE", help="other names and SHA-256")
    return parser.parse_args(arguments)


def interrupt(number, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # also where the parent ignores them
        signal.signal(number, interrupt)
    try:
        arguments = parsed(sys.argv[1:])
        arguments.action(arguments)
    except KeyboardInterrupt:
        say("interrupted; the same command goes on where it was")
        sys.exit(130)
