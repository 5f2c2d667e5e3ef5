"""Runs every command that the documentation prints, page by page, in a fresh folder and in the order printed.

    check_docs.py POCKETCLIP PYTHON [--all] [PAGE ...]

POCKETCLIP   the command line
PYTHON       an interpreter with NumPy, safetensors and Pillow; the package is that of Python/src over dist/lib
--all        also slow blocks and those that need large environments (table.py: SLOW), and bench at full length
PAGE         only these, such as README.md or "pocketclip help embed"

Files that commands name are made by an earlier command of the page or are stand-ins for a user's (table.py: STAND_INS).
Commands and options that the prose names are looked up. Every block is run, or listed in table.py with the reason.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import blocks
import mentions
import table
from session import Session
from stand_ins import ROOT

PAGES = ["*.md", "docs/*.md", "*/README.md", "Fixtures/*/README.md"]
NOT_PAGES = {"CHANGELOG.md"}  # It describes the past.
TERMINAL = 80  # Columns to which help is wrapped.


def main():
    arguments = parsed_arguments()
    with tempfile.TemporaryDirectory(prefix="pocketclip-docs-") as tools:
        problems = check(arguments, pathlib.Path(tools))
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(bool(problems))


def check(arguments, tools):
    write_tools(tools, arguments)
    helps = help_texts(arguments.pocketclip)
    pages = markdown_pages() + help_pages(helps)
    unknown = set(arguments.pages) - {page for page, _, _ in pages}
    problems = list(unused_rows(pages)) + [f"there is no page {page}" for page in sorted(unknown)]
    named = mentions.Mentions(helps)
    for page, found, prose in pages:
        if arguments.pages and page not in arguments.pages:
            continue
        problems += named.problems(page, prose)
        problems += run_page(page, found, arguments.all, arguments.pocketclip, tools)
    return problems


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pocketclip", type=pathlib.Path)
    parser.add_argument("python", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("pages", nargs="*")
    arguments = parser.parse_intermixed_args()
    arguments.pocketclip = arguments.pocketclip.absolute()
    arguments.python = arguments.python.absolute()  # Not resolved: an environment's interpreter is a link.
    if subprocess.run([arguments.python, "-c", "import numpy, safetensors, PIL"], stderr=subprocess.DEVNULL).returncode:
        raise SystemExit(f"error: {arguments.python} lacks NumPy, safetensors or Pillow; "
                         "remove .venv-test and run `make check-docs` again")
    return arguments


def write_tools(folder, arguments):
    """Writes the programs on the commands' PATH: the tool, and an interpreter that has the package."""
    # Times are not checked here, so a short `bench` is enough.
    brief = "" if arguments.all else 'if [ "$1" = bench ]; then set -- "$@" --seconds 0.01; fi\n'
    package = (f"export POCKETCLIP_LIBRARY=${{POCKETCLIP_LIBRARY:-{ROOT}/dist/lib/libpocketclip.so}}\n"
               f"export PYTHONPATH=${{PYTHONPATH:-{ROOT}/Python/src}}\n")
    for name, prepare, program in [("pocketclip", brief, arguments.pocketclip), ("python3", package, arguments.python)]:
        (folder / name).write_text(f'#!/bin/sh\n{prepare}exec "{program}" "$@"\n')
        (folder / name).chmod(0o755)


def help_texts(pocketclip):
    def text(*command):
        # Wide, so that no command is wrapped.
        return subprocess.run([pocketclip, "help", *command], check=True, capture_output=True, text=True,
                              env={**os.environ, "COLUMNS": "2000"}).stdout

    commands = re.findall(r"^  ([a-z]+)  ", text(), re.MULTILINE)
    return {"": text(), **{command: text(command) for command in commands}}


def markdown_pages():
    """(name, blocks, prose) of each page."""
    paths = sorted({path for pattern in PAGES for path in ROOT.glob(pattern)})
    names = [str(path.relative_to(ROOT)) for path in paths]
    return [(name, *blocks.markdown(name, (ROOT / name).read_text())) for name in names if name not in NOT_PAGES]


def help_pages(helps):
    pages = []
    for command, text in helps.items():
        page = f"pocketclip help {command}".strip()
        block = blocks.help_examples(page, text)
        if not block:
            raise SystemExit(f"error: {page}: no example")
        wide = max(text.splitlines()[block.line - 1:][:block.text.count("\n")], key=len)
        if len(wide) > TERMINAL:
            raise SystemExit(f"error: {page}: an example that a terminal of {TERMINAL} columns breaks: {wide.strip()}")
        pages.append((page, [block], text.splitlines()))
    return pages


def run_page(page, found, runs_all, pocketclip, tools):
    """Runs a page's blocks; the problems. After a command that fails, the page's other commands are not run."""
    problems = []
    session = Session(page, table.STAND_INS.get(page, {}), pocketclip, tools)
    for block in found:
        if row(table.NOT_RUN, block) or row(table.SLOW, block) and not runs_all:
            continue
        program = next((program for key, program in table.PROGRAMS.items() if matches(key, block)), None)
        if program:
            session.add_program(block, program)
        elif block.language == "sh":
            session.add_commands(block, lambda command: table.STATUS.get((page, command.strip()), 0))
        elif block.language == "console":
            session.add_console(block)
        else:
            problems.append(
                f"{block.place}: a block that is neither run nor listed in Scripts/check/check_docs/table.py")
    started = time.monotonic()
    failure = session.run()
    if session.count:
        print(f"{page}: {session.count} commands, {time.monotonic() - started:.0f} s", flush=True)
    return problems + ([failure] if failure else [])


def row(rows, block):
    return next((entry for entry in rows if matches(entry, block)), None)


def matches(entry, block):
    return entry[0] == block.page and block.begins(entry[1])


def unused_rows(pages):
    """Rows of the table that name no block, page or command of today."""
    found = [block for _, page_blocks, _ in pages for block in page_blocks]
    for entry in [*table.NOT_RUN, *table.SLOW, *table.PROGRAMS]:
        if not any(matches(entry, block) for block in found):
            yield f"Scripts/check/check_docs/table.py: {entry[0]} has no block that begins with {entry[1]!r}"
    for page, command in table.STATUS:
        if not any(block.page == page and command in block.text for block in found):
            yield f"Scripts/check/check_docs/table.py: {page} has no command {command!r}"
    for page in set(table.STAND_INS) - {page for page, _, _ in pages}:
        yield f"Scripts/check/check_docs/table.py: there is no page {page}"


if __name__ == "__main__":
    main()
