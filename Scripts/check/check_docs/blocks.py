"""Blocks of code and the prose around them, in Markdown pages and in help texts."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Block:
    page: str
    line: int  # of its first line of code
    language: str  # "" where the page states none
    text: str

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    def begins(self, beginning):
        return self.text.lstrip().startswith(beginning)


def markdown(page, source):
    """The fenced and indented blocks of a page, and its lines without them."""
    blocks, prose = [], []
    lines = source.splitlines()
    number = 0
    while number < len(lines):
        fence = re.match(r"```\s*(\w*)", lines[number])
        if fence:
            end = next((i for i in range(number + 1, len(lines)) if lines[i].startswith("```")), len(lines))
            if end == len(lines):
                raise SystemExit(f"{page}:{number + 1}: a fence that is never closed")
            blocks.append(Block(page, number + 2, fence[1], _text(lines[number + 1:end])))
            skipped = end + 1 - number
        elif _is_indented(lines, number, prose):
            end = number
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            blocks.append(Block(page, number + 1, "", _text(line[4:] for line in lines[number:end])))
            skipped = end - number
        else:
            prose.append(lines[number])
            number += 1
            continue
        prose += [""] * skipped  # Line numbers of the prose stay those of the page.
        number += skipped
    return blocks, prose


def help_examples(page, source):
    """The commands below "Example:" or "First steps:" of a help text; None where there are none."""
    found = re.search(r"^(?:Example|First steps):((?:.*\S.*\n|\n(?=  \S))+)", source, re.MULTILINE)
    if not found:
        return None
    line = source[:found.start()].count("\n") + 1
    return Block(page, line, "sh", _text(line.strip() for line in found[1].splitlines() if line.strip()))


def commands(block):
    """(line, command) of a shell block; a backslash at the end of a line continues it."""
    command, start = [], block.line
    for number, line in enumerate(block.text.splitlines(), block.line):
        if not command:
            start = number
        command.append(line)
        if not line.rstrip().endswith("\\"):
            if "".join(command).strip():
                yield start, "\n".join(command)
            command = []


def _text(lines):
    return "\n".join(lines).rstrip() + "\n"


def _is_indented(lines, number, prose):
    """Four spaces after a blank line, and not the second paragraph of a list's item."""
    if not lines[number].startswith("    ") or number and lines[number - 1].strip():
        return False
    before = next((line for line in reversed(prose) if line.strip()), "")
    return not re.match(r"\s*([-*]|\d+\.)\s|\s+\S", before)
